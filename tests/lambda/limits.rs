//! Limits of the load balancer.

use hyper::{Request, StatusCode};

use crate::platform::Platform;

const MEGABYTE: usize = 1024 * 1024;

#[tokio::test]
async fn a_body_of_one_megabyte_is_accepted_and_one_more_byte_is_a_413() {
    let platform = Platform::start().await;
    let body_of = |size| Request::post("/echo").header("x-echo", "large 1").body("x".repeat(size)).unwrap();

    assert_eq!(platform.send(body_of(MEGABYTE)).await.status, StatusCode::OK);
    assert_eq!(platform.send(body_of(MEGABYTE + 1)).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_body_without_a_length_is_counted() {
    let platform = Platform::start().await;
    let chunk = format!("{MEGABYTE:x}\r\n{}\r\n", "x".repeat(MEGABYTE));
    let head = "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";

    let answer = platform.write(format!("{head}{chunk}1\r\nx\r\n0\r\n\r\n").as_bytes()).await;

    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn a_client_that_expects_100_continue_gets_a_413_before_it_sends_its_body() {
    let platform = Platform::start().await;
    let size = MEGABYTE + 1;
    let head = format!("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: {size}\r\n\r\n");

    let answer = platform.write(head.as_bytes()).await;

    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn a_response_of_more_than_one_megabyte_is_a_502() {
    let platform = Platform::start().await;

    // the JSON around the body counts as well
    assert_eq!(platform.command("/echo", &format!("large {}", MEGABYTE - 1000)).await.status, StatusCode::OK);
    assert_eq!(platform.command("/echo", &format!("large {MEGABYTE}")).await.status, StatusCode::BAD_GATEWAY);
}

#[tokio::test]
async fn a_response_beyond_lambdas_limit_is_a_502() {
    let platform = Platform::start().await;

    let response = platform.command("/echo", &format!("large {}", 7 * MEGABYTE)).await;

    assert_eq!(response.status, StatusCode::BAD_GATEWAY);
    assert_eq!(platform.get("/echo").await.status, StatusCode::OK);
}

#[tokio::test]
async fn invalid_requests_are_refused_before_any_rule() {
    let platform = Platform::start().await;
    let get =
        |target: &str, headers: &str| format!("GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n");
    let header = |size: usize| format!("X-{size}: {}\r\n", "x".repeat(size));
    let proxies = format!("X-Forwarded-For: {}\r\n", vec!["203.0.113.1"; 31].join(", "));

    for (request, status) in [
        (get("/echo", &header(16_000)), 200),
        (get("/echo", &header(17_000)), 400),
        (get("/echo", &(10_000..10_007).map(header).collect::<String>()), 400),
        (get(&format!("/echo?{}", "x".repeat(17_000)), ""), 414),
        (get("/echo", &proxies), 463),
        (get("/echo", "Connection: upgrade\r\nUpgrade: websocket\r\n"), 400),
        (get("/echo", "").replace("GET", "TRACE"), 405),
        (get("/echo", "").replace("Host: x\r\n", ""), 400),
        ("nonsense\r\n\r\n".to_owned(), 400),
    ] {
        let answer = platform.write(request.as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{status}: {}", &answer[..answer.len().min(200)]);
    }
}
