//! Graceful shutdown on SIGTERM and SIGINT: stop accepting connections, complete requests in flight, exit with 0.

use std::time::Duration;

use nix::sys::signal::Signal;
use sqlx::{Executor as _, PgPool, Postgres, Transaction};
use tests::app::TestApp;

use crate::process::{Connection, Server, within_timeout};

/// Begins a transaction that blocks every request that reads cases.
pub async fn block_requests(pool: &PgPool) -> Transaction<'static, Postgres> {
    let mut transaction = pool.begin().await.unwrap();
    transaction.execute("LOCK TABLE system_config IN ACCESS EXCLUSIVE MODE").await.unwrap();
    transaction
}

async fn until_one_waits(pool: &PgPool) {
    until_so_many_wait(pool, 1).await;
}

pub async fn until_so_many_wait(pool: &PgPool, wanted: i64) {
    const WAITING: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                           AND application_name = 'augmed' AND wait_event_type = 'Lock'";
    within_timeout(async {
        while sqlx::query_scalar::<_, i64>(WAITING).fetch_one(pool).await.unwrap() < wanted {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// Requests the next case and keeps the connection open, like a browser.
pub async fn ask(api: &TestApp, server: &Server) -> Connection {
    let mut connection = server.connect().await;
    let token = api.token_for("alice@contract.test");
    connection
        .send(&format!("GET /api/cases HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\r\n"))
        .await;
    connection
}

#[tokio::test]
async fn requests_in_flight_complete_and_new_connections_are_refused() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let api = TestApp::with_contract_data().await;
        let mut server = Server::start(&api.db.url()).await;
        let transaction = block_requests(api.pool()).await;
        let in_flight = ask(&api, &server).await;
        until_one_waits(api.pool()).await;

        server.signal(signal);
        server.logged("stopping").await;
        server.refuses_connections().await;
        transaction.rollback().await.unwrap();

        let answer = in_flight.rest().await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("\"config_id\""), "{signal}: {answer}");
        assert_eq!(server.exit().await.code(), Some(0), "{signal}");
    }
}

#[tokio::test]
async fn idle_connections_are_closed() {
    let api = TestApp::with_contract_data().await;
    let server = Server::start(&api.db.url()).await;
    let mut idle = server.connect().await;
    idle.send("GET /api/healthcheck HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    idle.until("}").await;

    server.signal(Signal::SIGTERM);

    assert_eq!(idle.rest().await, "");
    let (status, log) = server.exit_with_log().await;
    assert_eq!(status.code(), Some(0));
    assert!(!log.contains("stopped with open connections"), "{log}");
}

#[tokio::test]
async fn a_request_that_never_ends_is_refused_in_time_and_does_not_delay_the_shutdown() {
    let api = TestApp::with_contract_data().await;
    let mut server = Server::start(&api.db.url()).await;
    let _held_for_ever = block_requests(api.pool()).await;
    let in_flight = ask(&api, &server).await;
    until_one_waits(api.pool()).await;

    server.signal(Signal::SIGTERM);

    let answer = in_flight.rest().await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    // by the server's clock, because this test may be slower
    let line = server.logged("failed").await;
    assert!(line["milliseconds"].as_f64().unwrap() < 5000.0, "{line}");
    assert_eq!(server.exit().await.code(), Some(0));
}

#[tokio::test]
async fn a_client_that_sends_nothing_does_not_delay_the_shutdown() {
    let api = TestApp::with_contract_data().await;
    let server = Server::start(&api.db.url()).await;
    let mut half_a_request = server.connect().await;
    half_a_request.send("GET /api/health").await;

    server.signal(Signal::SIGTERM);

    let exit = tokio::time::timeout(Duration::from_secs(30), server.exit()).await;
    assert_eq!(exit.expect("ECS kills the task after thirty seconds").code(), Some(0));
}
