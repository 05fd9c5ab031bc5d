//! Hostile requests: each is refused, and others are still answered.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use tests::app::API_KEY;
use tests::process::memory;
use tests::server_process::{Connection, Server};

/// No request of these tests reaches the database.
const NO_DATABASE: &str = "postgres://nobody@127.0.0.1:1/nothing";
const LOGIN: &str =
    "POST /api/auth/login HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n";

/// Returns the head of an authorized request to a route that reads up to a megabyte.
fn invitation() -> String {
    let headers =
        format!("host: localhost\r\nconnection: close\r\ncontent-type: application/json\r\nx-api-key: {API_KEY}\r\n");
    format!("POST /admin/users HTTP/1.1\r\n{headers}")
}

/// Returns the status of the next response.
async fn status(connection: Connection) -> String {
    connection.rest().await.split(' ').nth(1).unwrap_or("none").to_owned()
}

async fn log_in(server: &Server, headers: &str, body: &[u8]) -> String {
    post(server, &format!("{LOGIN}{headers}"), body).await
}

async fn invite(server: &Server, headers: &str, body: &[u8]) -> String {
    post(server, &format!("{}{headers}", invitation()), body).await
}

async fn post(server: &Server, head: &str, body: &[u8]) -> String {
    let mut connection = server.connect().await;
    connection.send(&format!("{head}content-length: {}\r\n\r\n", body.len())).await;
    connection.send_bytes(body).await;
    status(connection).await
}

async fn healthcheck(server: &Server) -> String {
    let mut connection = server.connect().await;
    connection.send("GET /api/healthcheck HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await;
    status(connection).await
}

#[tokio::test]
async fn many_incomplete_heads_block_nobody() {
    let server = Server::start(NO_DATABASE).await;
    let mut slow = Vec::new();

    for _ in 0..500 {
        let mut connection = server.connect().await;
        connection.send("GET /api/healthcheck HTTP/1.1\r\nhost: localhost\r\nx-slow: ").await;
        slow.push(connection);
    }

    // the server waits 75 seconds for these heads, and this test waits a minute for the answer
    assert_eq!(healthcheck(&server).await, "200");
}

#[tokio::test]
async fn a_missing_body_times_out_and_is_no_server_error() {
    let mut server = Server::start(NO_DATABASE).await;
    let mut slow = server.connect().await;

    slow.send(&format!("{LOGIN}content-length: 100\r\n\r\n{{\"email\": ")).await;

    assert_eq!(status(slow).await, "408");
    let line = server.logged("refused").await;
    assert_eq!(line["level"], "INFO", "server errors would raise an alarm");
    // by the server's clock, because this test may be slower
    assert!(line["milliseconds"].as_f64().unwrap() < 6000.0, "{line}");
}

#[tokio::test]
async fn many_missing_bodies_block_no_login() {
    let server = Server::start(NO_DATABASE).await;
    let mut slow = Vec::new();

    for _ in 0..100 {
        let mut connection = server.connect().await;
        connection.send(&format!("{LOGIN}content-length: 100\r\n\r\n{{\"email\": ")).await;
        slow.push(connection);
    }

    assert_eq!(log_in(&server, "", b"{}").await, "400", "a login is admitted");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let server = Server::start(NO_DATABASE).await;
    let mut chunked = server.connect().await;

    chunked.send(&format!("{}transfer-encoding: chunked\r\n\r\n", invitation())).await;
    for _ in 0..17 {
        chunked.send(&format!("10000\r\n{}\r\n", "x".repeat(0x1_0000))).await;
    }

    assert_eq!(status(chunked).await, "413");
    assert_eq!(invite(&server, "", &vec![b' '; 1_048_577]).await, "413");
    // a login's body is read before admission, so its limit is lower
    assert_eq!(log_in(&server, "", &vec![b' '; 100_000]).await, "413");
}

fn short_header(number: u32) -> String {
    format!("x-{number}: x\r\n")
}

/// hyper alone would buffer 400 KB for each of four thousand connections.
#[tokio::test]
async fn a_long_head_is_refused_before_it_takes_much_memory() {
    let server = Server::start(NO_DATABASE).await;
    let mut connection = server.connect().await;

    connection.try_send(&format!("GET /api/healthcheck HTTP/1.1\r\nHost: x\r\nX: {}", "x".repeat(100_000))).await;

    let status = status(connection).await;
    assert!(status.is_empty() || status.contains("431"), "{status}");
}

#[tokio::test]
async fn a_flood_of_headers_is_refused() {
    let server = Server::start(NO_DATABASE).await;

    for headers in [(0..200).map(short_header).collect::<String>(), format!("x-long: {}\r\n", "x".repeat(600_000))] {
        let mut connection = server.connect().await;
        connection.try_send(&format!("GET /api/healthcheck HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n")).await;
        assert!(matches!(&*connection.until_it_ends().await, "431" | "reset"));
    }

    assert_eq!(healthcheck(&server).await, "200");
}

#[tokio::test]
async fn deep_json_is_a_bad_request() {
    let server = Server::start(NO_DATABASE).await;

    for (open, close) in [("[", "]"), (r#"{"password":"#, "}"), (r#"{"email":["#, "]}")] {
        let deep = format!("{}1{}", open.repeat(50_000), close.repeat(50_000));
        assert_eq!(invite(&server, "", deep.as_bytes()).await, "400", "{open}");
        let shallower = format!("{}1{}", open.repeat(4_000), close.repeat(4_000));
        assert_eq!(log_in(&server, "", shallower.as_bytes()).await, "400", "{open}");
    }
}

#[tokio::test]
async fn a_compressed_body_is_not_unpacked() {
    let server = Server::start(NO_DATABASE).await;
    let mut bomb = GzEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..100 {
        bomb.write_all(&vec![b' '; 1_000_000]).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    assert!(bomb.len() < 1_048_576, "too large to be read");

    let (before, _) = memory(server.pid());
    let status = invite(&server, "content-encoding: gzip\r\n", &bomb).await;

    assert_eq!(status, "400");
    let (_, peak) = memory(server.pid());
    assert!(peak < before + 50, "it was unpacked to 100 MB");
}
