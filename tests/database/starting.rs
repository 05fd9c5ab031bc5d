//! A database that does not accept connections yet, for example after a failover.

use std::net::Ipv4Addr;
use std::time::Duration;

use tests::db::TestDb;
use tests::free_port::free_port;
use tests::unreliable_network::{UnreliableNetwork, Upstream};
use tokio::time::{sleep, timeout};

use crate::poolers::connect;

pub async fn a_request_waits_for_a_database_that_starts() {
    let (db, port) = (TestDb::new().await, free_port());
    let database = connect(&format!("postgresql://postgres@127.0.0.1:{port}/{}?sslmode=disable", db.name));

    let waiting = tokio::spawn(async move { database.try_connection().await });
    sleep(Duration::from_millis(500)).await;
    let _network = UnreliableNetwork::at((Ipv4Addr::LOCALHOST, port).into(), Upstream::of_database(&db.url())).await;

    waiting.await.unwrap().unwrap();
}

pub async fn a_request_does_not_wait_for_a_database_that_stays_down() {
    let database = connect(&format!("postgresql://postgres@127.0.0.1:{}/nothing", free_port()));

    let attempt = timeout(Duration::from_secs(20), database.try_connection());

    // three seconds, and some on a busy machine
    assert!(matches!(attempt.await.unwrap(), Err(sqlx::Error::Io(_))));
}
