//! The API behind function URLs: the function binaries, with events of payload format 2.0 instead of the load balancer's.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads>

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt as _;
use local::lambda::Function;
use local::load_balancer::{LoadBalancer, rule_for};
use local::template::{Action, Template};
use serde_json::{Map, Value, json};

use crate::deployed;

/// The function that gets requests without a rule: with a function URL every path reaches a function.
const ANY: &str = "healthcheck";

/// The functions of template.yaml, each behind its own URL. They end with this value.
pub struct FunctionUrls {
    load_balancer: LoadBalancer,
    template: Template,
}

impl FunctionUrls {
    /// Starts the functions over the database at `database_url`, configured like [`crate::app::TestApp`].
    pub async fn start(database_url: &str) -> Arc<Self> {
        let load_balancer = deployed::start(database_url).await;
        Arc::new(Self { load_balancer, template: deployed::template() })
    }

    /// Returns a service that sends each request to the function that the rules name for its path.
    pub fn service(self: &Arc<Self>) -> Router {
        let this = Arc::clone(self);
        Router::new().fallback(move |request: Request| async move { this.answer(request).await })
    }

    async fn answer(&self, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.expect("a body of bytes").to_bytes();
        let event = event(&parts, &body);
        let answer = self.function(&parts).invoke(event.to_string().into()).await.expect("an answer");
        response(&serde_json::from_slice(&answer).expect("an answer is JSON"))
    }

    fn function(&self, request: &Parts) -> &Function {
        let rule = rule_for(&self.template.rules, request, [127, 0, 0, 1].into());
        let groups = match rule.map(|rule| &rule.action) {
            Some(Action::Forward(groups)) => groups.as_slice(),
            _ => &[],
        };
        let of_group = |arn: &String| {
            let group = self.template.target_groups.iter().find(|group| group.arn == *arn && group.is_lambda())?;
            self.template.function(group.targets.first()?).map(|function| function.binary.as_str())
        };
        let name = groups.iter().find_map(|(arn, _)| of_group(arn)).unwrap_or(ANY);
        self.load_balancer.function(name).expect("every function has a binary")
    }
}

fn event(request: &Parts, body: &Bytes) -> Value {
    let text = str::from_utf8(body).ok();
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": request.uri.path(),
        "rawQueryString": request.uri.query().unwrap_or_default(),
        "headers": headers(&request.headers),
        "requestContext": {
            "stage": "$default",
            "http": {"method": request.method.as_str(), "path": request.uri.path(), "sourceIp": "127.0.0.1"},
        },
        "body": text.map_or_else(|| STANDARD.encode(body), str::to_owned),
        "isBase64Encoded": text.is_none(),
    })
}

/// Joins several values of a header, as a function URL does; bytes beyond ASCII are Latin-1 (RFC 9110 section 5.5) if they are not UTF-8.
fn headers(headers: &HeaderMap) -> Map<String, Value> {
    let text = |value: &http::HeaderValue| match str::from_utf8(value.as_bytes()) {
        Ok(text) => text.to_owned(),
        Err(_) => value.as_bytes().iter().copied().map(char::from).collect(),
    };
    let joined = |name| headers.get_all(name).iter().map(text).collect::<Vec<_>>().join(",");
    headers.keys().map(|name| (name.to_string(), json!(joined(name)))).collect()
}

fn response(answer: &Value) -> Response {
    let status = answer["statusCode"].as_u64().and_then(|status| StatusCode::from_u16(status.try_into().ok()?).ok());
    let body = answer["body"].as_str().unwrap_or_default();
    let body = match answer["isBase64Encoded"].as_bool() {
        Some(true) => STANDARD.decode(body).expect("base64"),
        _ => body.as_bytes().to_vec(),
    };
    let mut response = Response::builder().status(status.expect("a status"));
    for (name, value) in answer["headers"].as_object().into_iter().flatten() {
        response = response.header(name, value.as_str().unwrap_or_default());
    }
    for cookie in answer["cookies"].as_array().into_iter().flatten() {
        response = response.header(header::SET_COOKIE, cookie.as_str().unwrap_or_default());
    }
    response.body(Body::from(body)).expect("headers of an answer")
}
