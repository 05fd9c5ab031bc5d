//! Log lines of a request: its trace, and its use of the database.

use std::time::Instant;

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use tests::app::{API_KEY, Answer, TestApp};
use tests::logs::Logs;

const AWS: (&str, &str) = ("x-amzn-trace-id", "Root=1-67891233-abcdef012345678912345678;Sampled=1");
const CALLER: (&str, &str) = ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");

async fn get(api: &TestApp, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::get(path).header("x-api-key", API_KEY);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    api.send(request.body(Body::empty()).unwrap()).await
}

fn lines_of_requests(logs: &Logs) -> Vec<Value> {
    logs.lines("").into_iter().filter(|line| line["span"]["request_id"].is_string()).collect()
}

#[tokio::test]
async fn every_line_of_a_request_has_its_trace_id() {
    let api = TestApp::with_contract_data().await;

    for (headers, trace, caller) in [
        (&[AWS][..], json!("1-67891233-abcdef012345678912345678"), Value::Null),
        (&[CALLER], json!("0af7651916cd43dd8448eb211c80319c"), Value::Null),
        (&[AWS, CALLER], json!("1-67891233-abcdef012345678912345678"), json!("0af7651916cd43dd8448eb211c80319c")),
    ] {
        let logs = Logs::of_this_thread();
        get(&api, "/api/cases", headers).await;
        get(&api, "/api/v1/export/answers", headers).await;

        let lines = lines_of_requests(&logs);
        assert!(lines.len() >= 4, "{lines:?}");
        for line in lines {
            assert_eq!((&line["span"]["trace_id"], &line["span"]["caller_trace_id"]), (&trace, &caller), "{line}");
        }
    }
}

#[tokio::test]
async fn durations_are_in_milliseconds() {
    let api = TestApp::with_contract_data().await;
    let logs = Logs::of_this_thread();
    let start = Instant::now();

    get(&api, "/api/v1/export/answers", &[]).await;

    let elapsed = start.elapsed().as_secs_f64() * 1000.0;
    for (message, field) in
        [("answered", "milliseconds"), ("body sent", "total_milliseconds"), ("body sent", "database_milliseconds")]
    {
        let took = logs.lines(message)[0][field].as_f64().unwrap();
        assert!(0.01 < took && took <= elapsed, "{field}: {took} of {elapsed}");
    }
}

/// A client can send any word as a method.
#[tokio::test]
async fn only_a_known_method_is_logged() {
    let api = TestApp::with_contract_data().await;

    for (method, logged) in [("GET", "GET"), ("PATCH", "PATCH"), ("my-password", "_OTHER")] {
        let logs = Logs::of_this_thread();
        api.send(Request::builder().method(method).uri("/api/healthcheck").body(Body::empty()).unwrap()).await;

        assert!(!logs.text().contains("my-password"), "{}", logs.text());
        for line in lines_of_requests(&logs) {
            assert_eq!(line["span"]["method"], logged, "{line}");
        }
    }
}

#[tokio::test]
async fn the_line_of_a_request_counts_its_statements() {
    let api = TestApp::with_contract_data().await;
    let token = api.token_for("alice@contract.test");
    // opens the connection
    api.get("/api/cases", Some(&token)).await;
    let logs = Logs::of_this_thread();

    api.get("/api/healthcheck", None).await;
    api.get("/api/cases", Some(&token)).await;

    let [healthcheck, cases] = logs.lines("answered").try_into().unwrap();
    assert_eq!((&healthcheck["statements"], &healthcheck["database_milliseconds"]), (&json!(0), &json!(0.0)));
    assert_eq!(cases["statements"], 1, "{cases}");
    let (database, all) = (cases["database_milliseconds"].as_f64().unwrap(), cases["milliseconds"].as_f64().unwrap());
    assert!(0.0 < database && database <= all, "{cases}");
}

#[tokio::test]
async fn a_transaction_counts_its_statements() {
    let api = TestApp::with_contract_data().await;
    let logs = Logs::of_this_thread();

    let body = json!({"users": [{"email": "new@contract.test"}]});
    api.send_with_key(http::Method::POST, "/admin/users", &body).await;

    let [line] = logs.lines("answered").try_into().unwrap();
    assert!(line["statements"].as_u64().unwrap() >= 2, "{line}");
}

#[tokio::test]
async fn the_last_line_of_an_export_counts_statements_during_streaming() {
    let api = TestApp::with_contract_data().await;
    let logs = Logs::of_this_thread();

    get(&api, "/api/v1/export/answers", &[AWS]).await;

    let (begun, ended) = (&logs.lines("answered")[0], &logs.lines("body sent")[0]);
    assert!(begun["statements"].as_u64().unwrap() < ended["statements"].as_u64().unwrap(), "{begun} {ended}");
    assert_eq!((&ended["is_complete"], &ended["span"]["request_id"]), (&json!(true), &begun["span"]["request_id"]));
}
