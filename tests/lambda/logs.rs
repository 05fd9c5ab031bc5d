//! Logs of functions.

use crate::platform::{Platform, until};

#[tokio::test]
async fn both_streams_are_forwarded_with_the_name_of_the_function() {
    let platform = Platform::start().await;

    platform.command("/lonely", "print a line").await;

    let printed = || platform.log.lock().unwrap().iter().filter(|line| *line == "lonely: a line").count();
    until(|| printed() == 2).await;
}

#[tokio::test]
async fn client_data_are_not_in_the_log() {
    let platform = Platform::start().await;

    platform.answer_with("/echo", &serde_json::json!({"body": "hunter2"})).await;
    platform.command("/echo", "error").await;

    let log = platform.log.lock().unwrap().join("\n");
    assert!(log.contains("echo: 502: the answer is malformed"), "{log}");
    assert!(!log.contains("hunter2"), "{log}");
}
