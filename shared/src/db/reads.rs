//! Reads that tolerate replication lag. They go to a replica as long as it answers.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Database;

/// A replica that does not answer within this time is down.
const PROBE_TIMEOUT: Duration = Duration::from_secs(1);

/// A replica that is down is not probed for this long, so that other requests do not wait for it.
const PROBE_BACKOFF: Duration = Duration::from_secs(10);

/// Selects a replica's lag in seconds. If the replica receives no WAL, the lag is the age of the last transaction that
/// it replayed, or of its start if it has replayed none.
const LAG: &str = "SELECT CASE
      WHEN NOT pg_is_in_recovery() THEN 0
      WHEN EXISTS (SELECT FROM pg_stat_wal_receiver) AND pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
      ELSE extract(epoch FROM clock_timestamp() - coalesce(pg_last_xact_replay_timestamp(), pg_postmaster_start_time()))
    END::float8";

/// The databases that exports read from.
#[derive(Clone, Debug)]
pub struct Reads {
    primary: Database,
    replica: Option<Database>,
    down_since: Arc<Mutex<Option<Instant>>>,
}

impl Reads {
    /// Reads from `replica`, and from `primary` if there is no replica or it is down.
    pub fn new(primary: Database, replica: Option<Database>) -> Self {
        Self { primary, replica, down_since: Arc::default() }
    }

    /// Returns the database to read from. Logs the replica's lag, and a warning when it turns out to be down.
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
        since.is_some_and(|since| since.elapsed() < PROBE_BACKOFF)
    }

    fn set_down(&self, since: Option<Instant>) {
        *self.down_since.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }
}

/// Returns the lag of `replica`. Fails if it does not answer within a second.
pub async fn lag(replica: &Database) -> Result<Duration, sqlx::Error> {
    // the query reads catalogs only, so migrations do not affect it and it is not checked at compile time
    let seconds = sqlx::query_scalar::<_, f64>(LAG);
    let asked = tokio::time::timeout(PROBE_TIMEOUT, Box::pin(seconds.fetch_one(replica))).await;
    let seconds = asked.map_err(|_| sqlx::Error::PoolTimedOut)??;
    Ok(Duration::try_from_secs_f64(seconds).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use sqlx::postgres::PgConnectOptions;
    use tokio::net::TcpListener;

    use super::*;
    use crate::db::Deployment;

    /// Starts a server that closes each connection, and counts them.
    async fn broken() -> (Database, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let options = PgConnectOptions::new_without_pgpass().host("127.0.0.1").port(port).username("nobody");
        let connections = Arc::new(AtomicUsize::default());
        let counter = connections.clone();
        tokio::spawn(async move {
            while listener.accept().await.is_ok() {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        });
        (Database::new(options.into(), Deployment::Container { max_connections: 1 }), connections)
    }

    #[tokio::test]
    async fn a_replica_that_is_down_is_not_probed_by_every_request() {
        let (replica, connections) = broken().await;
        let reads = Reads::new(broken().await.0, Some(replica));

        reads.database().await;
        let after_one = connections.load(Ordering::Relaxed);
        reads.database().await;

        assert!(after_one > 0);
        assert_eq!(connections.load(Ordering::Relaxed), after_one);
    }
}
