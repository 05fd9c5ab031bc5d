//! Separate admission limits: requests of one kind do not block other kinds.

use std::time::Duration;

use futures_util::future::join_all;
use http::Method;
use serde_json::json;
use tests::app::{Answer, TestApp};
use tests::logs::Logs;
use tests::waiting::until;

const RESETS: &str = "/api/auth/reset-password-request";
/// The requests beyond the 64 places of mail.
const REFUSED: usize = 200 - 64;

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
        until(Duration::from_mins(1), async || logs.lines("overloaded").len() == REFUSED).await;
        api.post_patiently("/api/auth/login", None, &body).await
    };
    let (resets, login) = tokio::join!(resets(&api, 200), in_between);

    assert_eq!(login.status, 200);
    // a slow machine may also answer others with 503, which are not logged as overload
    let refused: Vec<_> = resets.iter().filter(|answer| answer.status == 503).collect();
    assert!(refused.len() >= REFUSED && refused.iter().all(|answer| answer.header("retry-after") == "1"));
    let lines = logs.lines("overloaded");
    assert_eq!(lines.len(), REFUSED);
    assert!(
        lines.iter().all(|line| line["level"] == "WARN"),
        "anyone can cause it, so no alarm counts it: {}",
        lines[0]
    );
}
