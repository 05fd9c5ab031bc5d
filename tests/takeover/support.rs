//! Helpers of these tests: databases and runners.

use std::time::Duration;

use migrate::application_role::RoleReport;
use migrate::{Error, Runner, Timeouts};
use shared::config::MigrationUrls;
use sqlx::Executor;
use tests::db::TestDb;
use tests::waiting;

pub async fn old_system() -> TestDb {
    TestDb::of_the_old_system().await
}

pub fn runner(db: &TestDb) -> Runner {
    Runner::new(&db.url().parse().unwrap())
}

/// Returns a runner with short lock timeouts.
pub fn runner_with_short_timeouts(db: &TestDb) -> Runner {
    let mut timeouts = Timeouts { other_run: Duration::from_millis(200), ..Timeouts::default() };
    timeouts.transaction.lock = Duration::from_millis(200);
    timeouts.concurrent.lock = Duration::from_millis(200);
    runner(db).with_timeouts(timeouts)
}

/// Applies all migrations as the owner, and maintains the role of the address `application`.
pub async fn up_with_role(application: &str, owner: &str) -> Result<RoleReport, Error> {
    let urls = MigrationUrls::new(application.into(), Some(owner.into()), None);
    Ok(Runner::of_urls(&urls)?.up(None).await?.application_role.unwrap())
}

/// Executes SQL as a person or the old system would.
pub async fn execute(db: &TestDb, sql: &str) {
    db.pool.execute(sql).await.unwrap_or_else(|error| panic!("{error}: {sql}"));
}

/// Returns the text column of a query.
pub async fn texts(db: &TestDb, sql: &str) -> Vec<String> {
    sqlx::query_scalar(sql).fetch_all(&db.pool).await.unwrap_or_else(|error| panic!("{error}: {sql}"))
}

/// Waits until a condition holds.
pub async fn until(condition: impl AsyncFnMut() -> bool) {
    waiting::until(Duration::from_mins(1), condition).await;
}
