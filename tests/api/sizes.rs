//! The largest body of a request that anyone may send.

use serde_json::json;
use tests::app::TestApp;

#[tokio::test]
async fn a_login_may_have_64_kilobytes() {
    let api = TestApp::with_contract_data().await;
    let login = |padding: &str| json!({"email": "alice@contract.test", "password": "Alice-pass-1", "z": padding});
    let around = login("").to_string().len();

    for (size, status) in [(64 * 1024, 200), (64 * 1024 + 1, 413)] {
        let body = login(&"x".repeat(size - around));
        assert_eq!(api.post("/api/auth/login", None, &body).await.status, status, "{size}");
    }
}
