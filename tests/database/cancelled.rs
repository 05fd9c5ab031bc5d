//! A request that is cancelled at any moment leaves no transaction behind for the next one on its connection.

use std::time::Duration;

use shared::db::{Address, Database, Deployment};
use tests::app::{self, TestApp};
use tests::db::TestDb;
use tests::unreliable_network::{UnreliableNetwork, Upstream};
use tokio::time::{sleep, timeout};

const ONE_CONNECTION: Deployment = Deployment::Container { max_connections: 1 };
const LATENCY: Duration = Duration::from_millis(100);

/// Begins a transaction, and gives up before PostgreSQL has answered. Returns the database without latency.
async fn cancel_begin(url: &str, statement: &str) -> Database {
    let network = UnreliableNetwork::before(Upstream::of_database(url)).await;
    let config = shared::Config::from_environment(&app::environment(&network.url(url))).unwrap();
    let database = Database::new(Address::of(&config, ONE_CONNECTION).unwrap(), ONE_CONNECTION);
    database.try_connection().await.unwrap();
    network.delay(LATENCY);
    assert!(timeout(LATENCY / 2, database.begin_with(statement)).await.is_err(), "it was answered within the latency");
    sleep(3 * LATENCY).await;
    network.delay(Duration::ZERO);
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
