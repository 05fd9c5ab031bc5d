//! A request that is cancelled at any moment leaves no transaction behind for the next one on its connection.

use std::time::Duration;

use shared::db::{Address, Database, Deployment};
use tests::app::{self, TestApp};
use tests::db::TestDb;
use tests::unreliable_network::{UnreliableNetwork, Upstream};
use tokio::time::timeout;

const ONE_CONNECTION: Deployment = Deployment::Container { max_connections: 1 };

/// Begins a transaction, and gives up while the network is down. Returns the database when the network works again.
async fn cancel_begin(url: &str, statement: &str) -> Database {
    let network = UnreliableNetwork::before(Upstream::of_database(url)).await;
    let config = shared::Config::from_environment(&app::environment(&network.url(url))).unwrap();
    let database = Database::new(Address::of(&config, ONE_CONNECTION).unwrap(), ONE_CONNECTION);
    database.try_connection().await.unwrap();
    network.stall(true);
    let begun = timeout(Duration::from_millis(50), database.begin_with(statement)).await;
    assert!(begun.is_err(), "it was answered by a network that is down");
    network.stall(false);
    database
}

pub async fn a_cancelled_begin_does_not_hold_back_the_next_write() {
    let app = TestApp::over(TestDb::new().await).await;
    let database = cancel_begin(&app.db.url(), "BEGIN").await;

    sqlx::query("CREATE TABLE written ()").execute(&database).await.unwrap();

    let read = sqlx::query("SELECT FROM written").execute(app.pool()).await;
    assert!(read.is_ok(), "an acknowledged change is not committed: {read:?}");
}

pub async fn a_cancelled_snapshot_does_not_refuse_the_next_write() {
    let app = TestApp::over(TestDb::new().await).await;
    let database = cancel_begin(&app.db.url(), "BEGIN READ ONLY").await;

    let written = sqlx::query("CREATE TABLE written ()").execute(&database).await;

    assert!(written.is_ok(), "{written:?}");
}
