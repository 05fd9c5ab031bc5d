//! Separate admission limits: requests of one kind do not block other kinds.

use futures_util::future::join_all;
use http::Method;
use serde_json::json;
use tests::app::{Answer, TestApp};
use tests::logs::Logs;

const RESETS: &str = "/api/auth/reset-password-request";

/// Sends concurrent requests, whose responses are delayed by three seconds.
async fn resets(api: &TestApp, requests: usize) -> Vec<Answer> {
    let body = json!({"email": "stranger@contract.test"});
    join_all((0..requests).map(|_| api.send_with_key(Method::POST, RESETS, &body))).await
}

#[tokio::test]
async fn a_flood_of_reset_requests_blocks_no_login() {
    let api = TestApp::with_contract_data().await;
    let body = json!({"email": "alice@contract.test", "password": "Alice-pass-1"});
    let logs = Logs::of_this_thread();

    let in_between = async {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        api.post("/api/auth/login", None, &body).await
    };
    let (resets, login) = tokio::join!(resets(&api, 200), in_between);

    assert_eq!(login.status, 200);
    let refused: Vec<_> = resets.iter().filter(|answer| answer.status == 503).collect();
    assert_eq!(refused.len(), 200 - 64);
    assert!(refused.iter().all(|answer| answer.header("retry-after") == "1"));
    let lines = logs.lines("overloaded");
    assert_eq!(lines.len(), refused.len());
    assert!(
        lines.iter().all(|line| line["level"] == "WARN"),
        "anyone can cause it, so no alarm counts it: {}",
        lines[0]
    );
}
