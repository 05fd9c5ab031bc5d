//! A database that does not accept connections yet, for example after a failover.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use shared::db::{Address, Database, Deployment};
use tests::app;
use tests::db::TestDb;
use tests::unreliable_network::{UnreliableNetwork, Upstream};
use tokio::time::{sleep, timeout};

/// Returns an address at which nothing listens.
fn closed_address() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

/// Returns a database with the settings of the container.
fn database_at(address: SocketAddr, name: &str) -> Database {
    let url = format!("postgresql://postgres@{address}/{name}?sslmode=disable");
    let config = shared::Config::from_environment(&app::environment(&url)).unwrap();
    let deployment = Deployment::Container { max_connections: 1 };
    Database::new(Address::of(&config, deployment).unwrap(), deployment)
}

pub async fn a_request_waits_for_a_database_that_starts() {
    let (db, address) = (TestDb::new().await, closed_address());
    let database = database_at(address, &db.name);

    let waiting = tokio::spawn(async move { database.try_connection().await });
    sleep(Duration::from_millis(500)).await;
    let _network = UnreliableNetwork::at(address, Upstream::of_database(&db.url())).await;

    waiting.await.unwrap().unwrap();
}

pub async fn a_request_does_not_wait_for_a_database_that_stays_down() {
    let database = database_at(closed_address(), "nothing");

    let attempt = timeout(Duration::from_secs(20), database.try_connection());

    // three seconds, and some on a busy machine
    assert!(matches!(attempt.await.unwrap(), Err(sqlx::Error::Io(_))));
}
