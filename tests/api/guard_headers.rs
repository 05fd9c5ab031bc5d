//! `Cache-Control`, `X-Content-Type-Options` and `Strict-Transport-Security` in every response.

use axum::body::Body;
use http::{Method, Request};
use tests::app::{API_KEY, Answer, TestApp};

/// Successes, refusals, a file, a preflight, and requests without a handler.
const REQUESTS: [(Method, &str); 8] = [
    (Method::GET, "/api/healthcheck"),
    (Method::GET, "/api/docs"),
    (Method::GET, "/api/cases"),
    (Method::GET, "/api/v1/export/answers"),
    (Method::POST, "/api/auth/login"),
    (Method::OPTIONS, "/api/auth/login"),
    (Method::DELETE, "/api/cases"),
    (Method::GET, "/nothing"),
];

async fn send(api: &TestApp, (method, path): (Method, &str), scheme: &str) -> Answer {
    let request = Request::builder().method(method).uri(path).header("x-forwarded-proto", scheme);
    let request = request.header("origin", "https://study.test").header("accept", "text/csv");
    let request = request.header("access-control-request-method", "POST").header("x-api-key", API_KEY);
    api.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn every_response_forbids_caching_and_type_sniffing() {
    let api = TestApp::with_contract_data().await;

    for request in REQUESTS {
        let answer = send(&api, request.clone(), "http").await;

        assert_eq!(answer.header("cache-control"), "no-store", "{request:?}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{request:?}");
        assert_eq!(answer.header("strict-transport-security"), "", "{request:?}");
    }
}

#[tokio::test]
async fn behind_tls_browsers_are_told_to_use_tls() {
    let api = TestApp::with_contract_data().await;

    for request in REQUESTS {
        let answer = send(&api, request.clone(), "https").await;

        assert_eq!(answer.header("strict-transport-security"), "max-age=31536000", "{request:?}");
    }
}
