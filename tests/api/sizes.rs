//! The largest body of a request that anyone may send.

use axum::body::Body;
use http::{Request, StatusCode, header};
use tests::app::TestApp;

#[tokio::test]
async fn a_login_may_have_64_kilobytes() {
    let api = TestApp::with_contract_data().await;
    let login =
        |padding: &str| format!(r#"{{"email": "alice@contract.test", "password": "Alice-pass-1", "z": "{padding}"}}"#);
    let around = login("").len();

    for (size, status) in [(64 * 1024, StatusCode::OK), (64 * 1024 + 1, StatusCode::PAYLOAD_TOO_LARGE)] {
        let request = Request::post("/api/auth/login").header(header::CONTENT_TYPE, "application/json");
        let body = login(&"x".repeat(size - around));
        assert_eq!(api.send(request.body(Body::from(body)).unwrap()).await.status, status, "{size}");
    }
}
