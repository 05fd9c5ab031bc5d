//! Selection of rules, and their actions.

use axum::Router;
use axum::extract::Request as Received;
use http_body_util::BodyExt;
use hyper::{Request, StatusCode};
use local::load_balancer::Options;
use tokio::net::TcpListener;

use crate::platform::Platform;

/// Starts a stand-in for the container, which responds with the request.
async fn container() -> std::net::SocketAddr {
    let answer = async |request: Received| {
        let headers: Vec<_> = request.headers().iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
        let head = format!("container got {} {}\n{}", request.method(), request.uri(), headers.join("\n"));
        let body = request.into_body().collect().await.unwrap().to_bytes();
        format!("{head}\n{} bytes", body.len())
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    address
}

async fn with_container(parameters: &[(&str, &str)]) -> Platform {
    let address = container().await;
    Platform::with(parameters, |options: &mut Options| options.container = Some(address)).await
}

fn text(body: &[u8]) -> &str {
    std::str::from_utf8(body).unwrap()
}

#[tokio::test]
async fn a_rule_may_require_a_host() {
    let platform = Platform::start().await;

    let response = platform.send(Request::get("/echo").header("host", "ADMIN.example:80").body("").unwrap()).await;

    assert_eq!((response.status, text(&response.body)), (StatusCode::FORBIDDEN, "not here"));
    assert_eq!(response.header("content-type"), "text/plain");
}

#[tokio::test]
async fn all_conditions_of_a_rule_must_match_with_any_of_their_values() {
    let platform = Platform::start().await;

    for (method, canary, expected) in
        [("POST", "YES", 202), ("POST", "1", 202), ("GET", "yes", 200), ("POST", "no", 200)]
    {
        let request = Request::builder().method(method).uri("/echo").header("x-canary", canary);
        let response = platform.send(request.body("").unwrap()).await;
        assert_eq!(response.status.as_u16(), expected, "{method} {canary}");
    }
}

#[tokio::test]
async fn a_rule_may_require_a_query_parameter() {
    let platform = Platform::start().await;

    assert_eq!(platform.get("/echo?version=V2").await.status, StatusCode::GONE);
    assert_eq!(platform.get("/echo?version=v3").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_redirect_keeps_unspecified_parts() {
    let platform = Platform::start().await;

    let response = platform.send(Request::get("/old/x?q=%20").header("host", "a.test").body("").unwrap()).await;

    assert_eq!(response.status, StatusCode::MOVED_PERMANENTLY);
    assert_eq!(response.header("location"), "https://a.test:443/new/old/x?q=%20");
}

#[tokio::test]
async fn paths_match_completely_and_case_sensitively() {
    let platform = Platform::start().await;

    for path in ["/ECHO", "/lonely/", "//echo", "/impatient%2F"] {
        assert_eq!(platform.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn a_target_group_without_a_function_is_a_503() {
    let platform = Platform::start().await;

    assert_eq!(platform.get("/unregistered").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(platform.get("/container").await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn a_function_that_does_not_start_is_a_502() {
    let platform = Platform::start().await;

    assert_eq!(platform.get("/missing").await.status, StatusCode::BAD_GATEWAY);
    assert!(
        platform.log.lock().unwrap().iter().any(|line| line.starts_with("missing: 502: the function does not start"))
    );
}

#[tokio::test]
async fn the_container_gets_the_request_unchanged() {
    let platform = with_container(&[]).await;

    let request =
        Request::get("/container/a%2Fb?x=%20&x=2").header("host", "a.test").header("x-forwarded-for", "203.0.113.9");
    let response = platform.send(request.body("").unwrap()).await;

    let got = text(&response.body);
    for expected in [
        "container got GET /container/a%2Fb?x=%20&x=2",
        "host: \"a.test\"",
        "x-forwarded-for: \"203.0.113.9, 127.0.0.1\"",
        "x-amzn-trace-id: \"Root=",
    ] {
        assert!(got.contains(expected), "{expected} is missing from {got}");
    }
}

#[tokio::test]
async fn the_container_gets_bodies_that_are_too_large_for_functions() {
    let platform = with_container(&[]).await;

    let response = platform.send(Request::post("/container").body("x".repeat(2_000_000)).unwrap()).await;

    assert!(text(&response.body).ends_with("\n2000000 bytes"));
}

#[tokio::test]
async fn an_unreachable_container_is_a_502() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let platform = Platform::with(&[], |options| options.container = Some(gone)).await;

    assert_eq!(platform.get("/container").await.status, StatusCode::BAD_GATEWAY);
}

#[tokio::test]
async fn weights_distribute_the_traffic() {
    for (canary, from_container) in [("0", 0..=0), ("100", 1..=39)] {
        let platform = with_container(&[("CanaryWeight", canary)]).await;
        let mut seen = 0;
        for _ in 0..40 {
            let response = platform.get("/weighted").await;
            seen += usize::from(text(&response.body).starts_with("container"));
        }
        assert!(from_container.contains(&seen), "weight {canary}: {seen} of 40");
    }
}

#[tokio::test]
async fn requests_without_a_rule_go_to_the_default_target() {
    let frontend = container().await;
    let platform = Platform::with(&[], |options| options.default_target = Some(frontend)).await;

    let response = platform.get("/admin/rl").await;

    assert!(text(&response.body).starts_with("container got GET /admin/rl"));
}
