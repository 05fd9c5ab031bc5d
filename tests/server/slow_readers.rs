//! Clients that do not read their responses.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::get;
use futures_util::stream::unfold;
use server::connections::{Limits, serve};
use tests::app::API_KEY;
use tests::db::TestDb;
use tests::server_process::{Connection, Server, within_timeout};
use tests::waiting::until;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The limit in `shared/src/http/admission`.
const MAX_CONCURRENT_EXPORTS: usize = 16;

/// Creates a database with answers of a megabyte each.
async fn large_answers(answers: i32) -> TestDb {
    let db = TestDb::new().await;
    let add = "INSERT INTO answer (task_id, user_email, answer, created_timestamp)
               SELECT n::text, 'p1@study.test', to_json(repeat(md5(n::text), 32768)), now() FROM generate_series(1, $1) n";
    sqlx::query(add).bind(answers).execute(&db.pool).await.unwrap();
    db
}

async fn begin_export(server: &Server) -> Connection {
    let mut connection = server.connect().await;
    let path = "/api/v1/export/answers?limit=10000";
    connection.send(&format!("GET {path} HTTP/1.1\r\nhost: x\r\nx-api-key: {API_KEY}\r\n\r\n")).await;
    connection
}

#[tokio::test]
async fn an_unread_export_with_large_rows_does_not_fill_the_memory() {
    let db = large_answers(100).await;
    // the allocator returns freed memory at once, so that all resident memory is in use
    let server = Server::start_with(&db.url(), &[("MIMALLOC_PURGE_DELAY", "0")]).await;
    let before = tests::process::memory(server.pid()).0;

    let _unread = begin_export(&server).await;
    let mut most = 0;
    for _ in 0..30 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        most = most.max(tests::process::memory(server.pid()).0);
    }

    // The answers have 100 MB in total. Memory grows by 10 to 16 MB, 9 of them code that a debug build loads.
    assert!(most < before + 24, "{before} MB before, {most} MB");
}

#[tokio::test]
async fn an_export_counts_as_concurrent_until_its_last_byte() {
    let db = large_answers(40).await;
    let server = Server::start(&db.url()).await;

    let (began, mut unread) = (Instant::now(), Vec::new());
    let refusal = loop {
        let mut export = begin_export(&server).await;
        let head = export.head().await;
        if !head.starts_with("HTTP/1.1 200") {
            break head;
        }
        unread.push(export);
        assert!(unread.len() <= 2 * MAX_CONCURRENT_EXPORTS, "no export is refused");
    };

    // on a slow machine the server may have disconnected the first ones meanwhile
    let is_slow = began.elapsed() > Limits::default().write_timeout;
    assert!(unread.len() == MAX_CONCURRENT_EXPORTS || is_slow, "{} exports", unread.len());
    assert!(refusal.starts_with("HTTP/1.1 503"), "{refusal}");
    drop(unread);
    let is_admitted = async || begin_export(&server).await.head().await.starts_with("HTTP/1.1 200");
    until(Duration::from_mins(1), is_admitted).await;
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_disconnected() {
    // an answer holds a receiver until the server drops it
    let answers = watch::Sender::new(());
    let sender = answers.clone();
    let chunk = |held: watch::Receiver<()>| async move {
        let chunk = Bytes::from_static(&[b'x'; 8192]);
        Some((Ok::<_, Infallible>(chunk), held))
    };
    let endless = async move || Body::from_stream(unfold(sender.subscribe(), chunk));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let limits = Limits { write_timeout: Duration::from_millis(300), ..Limits::default() };
    tokio::spawn(serve(listener, Router::new().route("/", get(endless)), std::future::pending(), limits));
    let mut client = TcpStream::connect(address).await.unwrap();

    client.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();
    client.readable().await.unwrap();
    until(Duration::from_mins(1), async || answers.receiver_count() == 0).await;

    // the bytes in the socket's buffer, then the end
    let mut kept = Vec::new();
    _ = within_timeout(client.read_to_end(&mut kept)).await;
    assert!(kept.starts_with(b"HTTP/1.1 200") && !kept.ends_with(b"\r\n0\r\n\r\n"), "{}", kept.len());
}
