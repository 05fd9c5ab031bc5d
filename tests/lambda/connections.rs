//! HTTP/1.1 connections of clients.

use crate::platform::Platform;

#[tokio::test]
async fn several_requests_share_a_connection() {
    let platform = Platform::start().await;
    let request = "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n";
    let last = "GET /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

    let answers = platform.write(format!("{request}{request}{last}").as_bytes()).await;

    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 3, "{answers}");
}

#[tokio::test]
async fn a_chunked_body_arrives_completely() {
    let platform = Platform::start().await;
    let head = "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n";

    let answer = platform.write(format!("{head}3\r\none\r\n4\r\n two\r\n0\r\n\r\n").as_bytes()).await;

    assert!(answer.contains(r#""body":"one two""#), "{answer}");
}

#[tokio::test]
async fn a_client_that_expects_100_continue_gets_it() {
    let platform = Platform::start().await;
    let head =
        "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";

    let answer = platform.write(format!("{head}hi").as_bytes()).await;

    assert!(answer.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK"), "{answer}");
}

#[tokio::test]
async fn an_http_1_0_client_needs_no_host() {
    let platform = Platform::start().await;

    let answer = platform.write(b"GET /echo HTTP/1.0\r\n\r\n").await;

    assert!(answer.starts_with("HTTP/1.0 200 OK"), "{answer}");
}

#[tokio::test]
async fn a_target_in_absolute_form_is_routed_by_its_path() {
    let platform = Platform::start().await;

    let answer =
        platform.write(b"GET http://elsewhere.test/echo?x=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;

    assert!(answer.contains(r#""path":"/echo""#), "{answer}");
}
