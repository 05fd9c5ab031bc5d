//! Reads that may be a moment old. They go to a replica, as long as there is one that answers.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Database;

/// A replica that does not answer within this is down.
const PATIENCE: Duration = Duration::from_secs(1);

/// A replica that is down is left alone for so long: nobody else is to wait for it.
const PAUSE: Duration = Duration::from_secs(10);

/// How far a replica is behind, in seconds. One that receives nothing has a last transaction, which gets older, or has replayed none since it started.
const LAG: &str = "SELECT CASE
      WHEN NOT pg_is_in_recovery() THEN 0
      WHEN EXISTS (SELECT FROM pg_stat_wal_receiver) AND pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
      ELSE extract(epoch FROM clock_timestamp() - coalesce(pg_last_xact_replay_timestamp(), pg_postmaster_start_time()))
    END::float8";

/// Where exports read.
#[derive(Clone, Debug)]
pub struct Reads {
    primary: Database,
    replica: Option<Database>,
    down_since: Arc<Mutex<Option<Instant>>>,
}

impl Reads {
    /// Reads `replica`, and `primary` where there is none that answers.
    pub fn new(primary: Database, replica: Option<Database>) -> Self {
        Self { primary, replica, down_since: Arc::default() }
    }

    /// Returns the database to read from now. It logs how far a replica is behind, and once that it is down.
    pub async fn database(&self) -> &Database {
        let Some(replica) = self.replica.as_ref().filter(|_| !self.is_down()) else { return &self.primary };
        match lag(replica).await {
            Ok(lag) => {
                tracing::info!(replica_lag_seconds = lag.as_secs_f64(), "reading the replica");
                self.set_down(None);
                replica
            }
            Err(error) => {
                tracing::warn!(%error, "the replica does not answer: reading the primary");
                self.set_down(Some(Instant::now()));
                &self.primary
            }
        }
    }

    fn is_down(&self) -> bool {
        let since = *self.down_since.lock().unwrap_or_else(PoisonError::into_inner);
        since.is_some_and(|since| since.elapsed() < PAUSE)
    }

    fn set_down(&self, since: Option<Instant>) {
        *self.down_since.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }
}

/// Returns how far `replica` is behind. Fails when it does not say so within a second.
pub async fn lag(replica: &Database) -> Result<Duration, sqlx::Error> {
    // a primary and its replica have the same catalog, which no migration of ours changes
    let seconds = sqlx::query_scalar::<_, f64>(LAG);
    let asked = tokio::time::timeout(PATIENCE, Box::pin(seconds.fetch_one(replica))).await;
    let seconds = asked.map_err(|_| sqlx::Error::PoolTimedOut)??;
    Ok(Duration::try_from_secs_f64(seconds).unwrap_or_default())
}
