//! Handling of functions' responses.

use hyper::{Request, StatusCode};
use serde_json::json;

use crate::platform::Platform;

#[tokio::test]
async fn status_headers_and_body_of_the_function_reach_the_client() {
    let platform = Platform::start().await;
    let answer = json!({
        "statusCode": 201,
        "statusDescription": "201 Made",
        "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"], "X-One": ["1"]},
        "body": "bsOp",
        "isBase64Encoded": true,
    });

    let response = platform.answer_with("/echo", &answer).await;

    assert_eq!((response.status, &response.body[..]), (StatusCode::CREATED, "né".as_bytes()));
    assert_eq!(response.headers.get_all("set-cookie").iter().collect::<Vec<_>>(), ["a=1", "b=2"]);
    assert_eq!((response.header("x-one"), response.header("content-length")), ("1", "3"));
}

#[tokio::test]
async fn a_status_description_is_on_the_status_line() {
    let platform = Platform::start().await;
    let body = r#"{"statusCode": 200, "statusDescription": "200 Fine"}"#;
    let request = format!(
        "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Echo: answer\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );

    assert!(platform.write(request.as_bytes()).await.starts_with("HTTP/1.1 200 Fine\r\n"));
}

#[tokio::test]
async fn without_multi_value_headers_only_single_headers_are_used() {
    let platform = Platform::start().await;
    let answer = json!({"statusCode": 200, "headers": {"x-a": "1"}, "multiValueHeaders": {"x-b": ["2"]}});

    let single = platform.answer_with("/single-value", &answer).await;
    let multi = platform.answer_with("/echo", &answer).await;

    assert_eq!((single.header("x-a"), single.header("x-b")), ("1", ""));
    assert_eq!((multi.header("x-a"), multi.header("x-b")), ("", "2"));
}

#[tokio::test]
async fn a_malformed_response_is_a_502() {
    let platform = Platform::start().await;

    for answer in [
        json!({"body": "without a status"}),
        json!({"statusCode": "200"}),
        json!({"statusCode": 200, "body": {}}),
        json!({"statusCode": 200, "multiValueHeaders": {"x": ["line\nbreak"]}}),
        json!({"statusCode": 200, "body": "no base64!", "isBase64Encoded": true}),
        json!("text"),
        json!(null),
    ] {
        let response = platform.answer_with("/echo", &answer).await;

        assert_eq!(response.status, StatusCode::BAD_GATEWAY, "{answer}");
        assert_eq!((response.header("server"), response.header("content-type")), ("awselb/2.0", "text/html"));
    }
}

#[tokio::test]
async fn a_streamed_response_is_read_and_becomes_a_502() {
    let platform = Platform::start().await;

    assert_eq!(platform.command("/echo", "stream").await.status, StatusCode::BAD_GATEWAY);
    assert_eq!(platform.get("/echo").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_head_request_gets_a_response_without_a_body() {
    let platform = Platform::start().await;

    let response = platform.send(Request::head("/echo").header("x-echo", "large 10").body("").unwrap()).await;

    assert_eq!((response.status, response.body.len()), (StatusCode::OK, 0));
    assert_eq!(response.header("content-length"), "10");
}

#[tokio::test]
async fn an_error_of_the_function_is_a_502_and_its_process_continues() {
    let platform = Platform::start().await;
    let before = platform.get("/echo").await;
    platform.function("echo").wait_until_idle().await;

    let failed = platform.command("/echo", "error").await;

    assert_eq!(failed.status, StatusCode::BAD_GATEWAY);
    platform.function("echo").wait_until_idle().await;
    assert_eq!(platform.get("/echo").await.pid(), before.pid());
}
