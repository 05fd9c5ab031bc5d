//! One run at a time, by a session advisory lock that dies with its connection.

use std::time::Duration;

use sqlx::PgConnection;
use tokio::time::{Instant, sleep};

use crate::Error;

/// `augmed` in ASCII. Advisory locks are per database, so that one key does for all.
const KEY: i64 = 0x6175_676d_6564;

/// `pg_advisory_lock` would wait inside a statement, with a snapshot that `CREATE INDEX CONCURRENTLY` of the other run waits
/// for in turn: a deadlock. So we ask again and again instead.
const PAUSE: Duration = Duration::from_millis(100);

/// Takes the lock, or gives up after `patience`.
pub async fn acquire(connection: &mut PgConnection, patience: Duration) -> Result<(), Error> {
    let started = Instant::now();
    while !sqlx::query_scalar!(r#"SELECT pg_try_advisory_lock($1) AS "taken!""#, KEY)
        .fetch_one(&mut *connection)
        .await?
    {
        if started.elapsed() >= patience {
            return Err(Error::OtherRun(patience));
        }
        sleep(PAUSE).await;
    }
    Ok(())
}
