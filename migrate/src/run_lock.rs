//! The lock that serializes runs: a session advisory lock, released when its connection ends.

use std::time::Duration;

use sqlx::PgConnection;
use tokio::time::{Instant, sleep};

use crate::Error;

/// The key of the advisory lock of a run: `augmed` in ASCII. All advisory locks of a database share one key space, and
/// invitations have `invite`.
pub const RUN_LOCK: i64 = 0x6175_676d_6564;

/// The interval for polling with `pg_try_advisory_lock`. `pg_advisory_lock` would wait inside a statement, whose
/// snapshot blocks the other run's `CREATE INDEX CONCURRENTLY`: a deadlock.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// Acquires the lock; fails after `timeout`.
pub async fn acquire(connection: &mut PgConnection, timeout: Duration) -> Result<(), Error> {
    let started = Instant::now();
    while !sqlx::query_scalar!(r#"SELECT pg_try_advisory_lock($1) AS "taken!""#, RUN_LOCK)
        .fetch_one(&mut *connection)
        .await?
    {
        if started.elapsed() >= timeout {
            return Err(Error::OtherRun(timeout));
        }
        sleep(POLL_INTERVAL).await;
    }
    Ok(())
}
