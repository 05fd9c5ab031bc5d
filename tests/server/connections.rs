//! Limits of connections.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use server::connections::{Limits, serve};
use tests::server_process::within_timeout;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

async fn start(limits: Limits) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = Router::new().route("/", get(async || "here"));
    tokio::spawn(serve(listener, service, std::future::pending(), limits));
    address
}

async fn rest(mut connection: TcpStream) -> String {
    let mut bytes = Vec::new();
    // a reset also ends the connection
    let _ = within_timeout(connection.read_to_end(&mut bytes)).await;
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn a_connection_with_an_incomplete_head_is_closed() {
    let address = start(Limits { head_timeout: Duration::from_millis(300), ..Limits::default() }).await;
    let mut slow = TcpStream::connect(address).await.unwrap();

    let began = Instant::now();
    let (mut from_server, mut to_server) = slow.split();
    let trickle = async {
        while to_server.write_all(b"a").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let closed = async {
        let mut bytes = Vec::new();
        let _ = from_server.read_to_end(&mut bytes).await;
    };
    within_timeout(async {
        tokio::select! { () = trickle => {} () = closed => {} }
    })
    .await;

    // hyper has a limit of thirty seconds of its own
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_the_head_timeout() {
    let address = start(Limits { head_timeout: Duration::from_millis(300), ..Limits::default() }).await;
    let mut idle = TcpStream::connect(address).await.unwrap();

    idle.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await.unwrap();

    assert!(rest(idle).await.ends_with("here"));
}

#[tokio::test]
async fn clients_beyond_the_maximum_of_connections_wait() {
    let address = start(Limits { max_connections: 2, ..Limits::default() }).await;
    let (one, _two) = (TcpStream::connect(address).await.unwrap(), TcpStream::connect(address).await.unwrap());
    let mut third = TcpStream::connect(address).await.unwrap();
    third.write_all(REQUEST).await.unwrap();

    let mut byte = [0];
    let early = tokio::time::timeout(Duration::from_millis(300), third.read(&mut byte)).await;
    drop(one);

    assert!(early.is_err(), "it was answered");
    assert!(rest(third).await.ends_with("here"));
}
