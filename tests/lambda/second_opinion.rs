//! Compares our conversion of events with that of `lambda_http`: ordinary events become the same requests, but it fails on others, which is
//! why it is not used (decision 103).

use std::collections::BTreeSet;
use std::panic::catch_unwind;

use axum::Router;
use axum::extract::Request;
use http::HeaderMap;
use http_body_util::BodyExt as _;
use lambda_http::RequestExt as _;
use lambda_runtime::{Context, LambdaEvent};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use shared::http::Deadline;

const FUNCTION_URL: &str = include_str!("../fixtures/events/function-url.json");
const REST_API: &str = include_str!("../fixtures/events/rest-api.json");
const LATTICE: &str = include_str!("../fixtures/events/lattice.json");

/// The compared parts of a request.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    method: String,
    path: String,
    query: BTreeSet<(String, String)>,
    headers: BTreeSet<(String, String)>,
    body: String,
}

/// Splits headers into values, because a header may be in one or in several lines.
fn listed(headers: &HeaderMap) -> BTreeSet<(String, String)> {
    let values = headers.iter().flat_map(|(name, value)| {
        value.to_str().unwrap().split(',').map(|value| (name.to_string(), value.trim().to_owned()))
    });
    values.collect()
}

fn by_lambda_http(event: &str) -> Seen {
    let request = lambda_http::request::from_str(event).unwrap();
    let query = request.query_string_parameters();
    Seen {
        method: request.method().to_string(),
        path: request.raw_http_path().to_owned(),
        query: query.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        headers: listed(request.headers()),
        body: String::from_utf8(request.body().to_vec()).unwrap(),
    }
}

async fn by_us(event: &str) -> Seen {
    let echo = async |request: Request| {
        let (parts, body) = request.into_parts();
        let query = url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned();
        let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        let (method, path) = (parts.method.as_str(), parts.uri.path());
        json!([method, path, query.collect::<Vec<_>>(), listed(&parts.headers), body]).to_string()
    };
    let event = LambdaEvent::new(RawValue::from_string(event.to_owned()).unwrap(), Context::default());
    let answer = shared::lambda::answer(Router::new().fallback(echo), event, Deadline::from_now()).await;
    let answer: Value = answer.get().parse().unwrap();
    let (method, path, query, headers, body) = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    Seen { method, path, query, headers, body }
}

fn with(event: &str, pointer: &str, value: &str) -> String {
    let mut event: Value = event.parse().unwrap();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    event.pointer_mut(parent).unwrap()[name] = json!(value);
    event.to_string()
}

#[tokio::test]
async fn ordinary_events_become_the_same_requests() {
    // for a REST API, lambda_http keeps only the last value of a header
    let one_accepted_type = REST_API.replace("\"application/json\",\n", "");
    for event in [FUNCTION_URL, &one_accepted_type, LATTICE] {
        let event = with(event, "/body", "{\"a\": \"né\"}");

        assert_eq!(by_us(&event).await, by_lambda_http(&event));
    }
}

#[tokio::test]
async fn events_that_end_a_process_with_lambda_http_get_a_response_here() {
    for event in [
        with(FUNCTION_URL, "/headers/host", "a b<>/@:99999"),
        with(FUNCTION_URL, "/headers/x-forwarded-proto", "::::"),
        with(FUNCTION_URL, "/rawQueryString", "a b"),
        with(REST_API, "/headers/Host", "a b<>/@:99999"),
        with(&FUNCTION_URL.replace("\"isBase64Encoded\": false", "\"isBase64Encoded\": true"), "/body", "%%%"),
    ] {
        let lambda_http = catch_unwind(|| lambda_http::request::from_str(&event).is_ok());
        assert!(lambda_http.is_err(), "lambda_http was fixed: reconsider decision 103: {event}");

        let event = LambdaEvent::new(RawValue::from_string(event).unwrap(), Context::default());
        let answer = shared::lambda::answer(Router::new(), event, Deadline::from_now()).await;
        let answer: Value = answer.get().parse().unwrap();
        assert!([400, 404].contains(&answer["statusCode"].as_i64().unwrap()), "{answer}");
    }
}

#[tokio::test]
async fn lambda_http_resolves_paths_and_prepends_the_stage() {
    let dots = lambda_http::request::from_str(&with(FUNCTION_URL, "/rawPath", "/api/x/../healthcheck")).unwrap();
    let staged = lambda_http::request::from_str(REST_API).unwrap();

    assert_eq!(dots.uri().path(), "/api/healthcheck");
    assert_eq!(staged.uri().path(), "/prod/api/healthcheck");
    assert_eq!(by_us(&with(FUNCTION_URL, "/rawPath", "/api/x/../healthcheck")).await.path, "/api/x/../healthcheck");
    assert_eq!(by_us(REST_API).await.path, "/api/healthcheck");
}
