//! Limits of database sessions, so that a client that disappears blocks nobody for long.

use std::time::Duration;

use shared::db::{Database, Deployment};
use sqlx::postgres::PgConnectOptions;
use tests::app::TestApp;
use tests::db::TestDb;

const LIMITS: &str = "SELECT current_setting('statement_timeout'), current_setting('lock_timeout'),
                             current_setting('idle_in_transaction_session_timeout')";

/// Tells connections apart.
const SESSION: &str = "SELECT pg_backend_pid()";

#[tokio::test]
async fn a_session_has_limits() {
    let api = TestApp::start().await;

    let limits: (String, String, String) = sqlx::query_as(LIMITS).fetch_one(&api.app.db).await.unwrap();

    assert_eq!(limits, ("4s".to_owned(), "3s".to_owned(), "5s".to_owned()));
}

/// Another request would pay for a new connection.
#[tokio::test]
async fn an_abandoned_transaction_leaves_its_connection_open() {
    let api = TestApp::configured(TestDb::new().await, &[("DATABASE_MAX_CONNECTIONS", "1")]).await;
    let mut transaction = api.app.db.begin().await.unwrap();
    let before: i32 = sqlx::query_scalar(SESSION).fetch_one(&mut *transaction).await.unwrap();
    drop(transaction);
    let after: i32 = sqlx::query_scalar(SESSION).fetch_one(&api.app.db).await.unwrap();

    assert_eq!(after, before);
}

/// PostgreSQL ends connections when it restarts, for example.
#[tokio::test]
async fn a_connection_that_ends_while_it_is_idle_is_replaced() {
    let api = TestApp::configured(TestDb::new().await, &[("DATABASE_MAX_CONNECTIONS", "1")]).await;
    let before: i32 = sqlx::query_scalar(SESSION).fetch_one(&api.app.db).await.unwrap();
    sqlx::query("SELECT pg_terminate_backend($1, 5000)").bind(before).execute(api.pool()).await.unwrap();
    // a connection that was used in the last second is not tested
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let after: i32 = sqlx::query_scalar(SESSION).fetch_one(&api.app.db).await.unwrap();

    assert_ne!(after, before);
}

#[tokio::test]
async fn a_transaction_has_limits_even_if_its_session_has_none() {
    let api = TestApp::start().await;
    let options: PgConnectOptions = api.db.url().parse().unwrap();
    let db = Database::new(options.into(), Deployment::Lambda { max_concurrency: 1 });
    let idle = "SELECT current_setting('idle_in_transaction_session_timeout')";

    let mut transaction = db.begin().await.unwrap();
    let within: String = sqlx::query_scalar(idle).fetch_one(&mut *transaction).await.unwrap();
    transaction.commit().await.unwrap();
    let after: String = sqlx::query_scalar(idle).fetch_one(&db).await.unwrap();

    assert_eq!((within.as_str(), after.as_str()), ("5s", "0"));
}
