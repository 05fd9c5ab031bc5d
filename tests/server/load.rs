//! SIGTERM under load.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use nix::sys::signal::Signal;
use tests::app::TestApp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::process::{Server, within_timeout};
use crate::stopping::{ask, block_requests, until_so_many_wait};

const CLIENTS: usize = 16;
/// `DATABASE_MAX_CONNECTIONS` of servers under test.
const BLOCKED_REQUESTS: i64 = 5;

/// Sends a request on a new connection, and reads the response, which may be incomplete.
async fn healthcheck(server: SocketAddr) -> std::io::Result<String> {
    let mut connection = TcpStream::connect(server).await?;
    let (mut answer, request) =
        (Vec::new(), "GET /api/healthcheck HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    // a closing listener resets connections that it has not accepted
    let _ = connection.write_all(request.as_bytes()).await;
    let _ = connection.read_to_end(&mut answer).await;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Repeats requests until one gets no complete response. Returns the last response, which may be cut off or empty.
async fn ask_until_it_ends(server: SocketAddr, answered: Arc<AtomicUsize>) -> String {
    loop {
        match healthcheck(server).await {
            Ok(answer) if is_whole(&answer) => _ = answered.fetch_add(1, Ordering::Relaxed),
            Ok(answer) => return answer,
            Err(_) => return String::new(),
        }
    }
}

fn is_whole(answer: &str) -> bool {
    let whole = answer.split_once("\r\n\r\n").and_then(|(head, body)| {
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
        Some(head.starts_with("HTTP/1.1 200 OK\r\n") && length.parse() == Ok(body.len()))
    });
    whole.unwrap_or_default()
}

#[tokio::test]
async fn under_load_no_response_is_cut_off_and_requests_in_flight_complete() {
    let api = TestApp::with_contract_data().await;
    let mut server = Server::start(&api.db.url()).await;
    let answered = Arc::new(AtomicUsize::new(0));
    let clients: JoinSet<String> = (0..CLIENTS).map(|_| ask_until_it_ends(server.address, answered.clone())).collect();
    within_timeout(async {
        while answered.load(Ordering::Relaxed) < 10 * CLIENTS {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
    // last, because a request waits for a lock for only three seconds
    let transaction = block_requests(api.pool()).await;
    let mut held_up = Vec::new();
    for _ in 0..BLOCKED_REQUESTS {
        held_up.push(ask(&api, &server).await);
    }
    until_so_many_wait(api.pool(), BLOCKED_REQUESTS).await;

    server.signal(Signal::SIGTERM);
    server.logged("stopping").await;
    let last = within_timeout(clients.join_all()).await;
    transaction.rollback().await.unwrap();

    assert_eq!(last, [const { String::new() }; CLIENTS], "these were cut off");
    for in_flight in held_up {
        let answer = in_flight.rest().await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("\"config_id\""), "{answer}");
    }
    assert_eq!(server.exit().await.code(), Some(0));
    println!("{} answers before the end", answered.load(Ordering::Relaxed));
}
