//! The database: connections, transactions, and the refresh of a changed password.

mod address;
mod connection;
mod deployment;
mod error_code;
mod explanation;
mod reads;
mod session;
pub(crate) mod ssl_mode;
mod transaction;
pub(crate) mod url;

use std::fmt;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use deadpool::Runtime;
use deadpool::managed::{Pool, PoolError, QueueMode};
use futures_util::future::BoxFuture;
use futures_util::stream::{BoxStream, TryStreamExt};
use sqlx::postgres::{PgQueryResult, PgRow, PgStatement, PgTypeInfo, Postgres};
use sqlx::{Describe, Either, Execute, Executor};

use crate::secrets::Rotation;
use connection::Connections;

pub use address::Address;
pub use connection::Connection;
pub use deployment::Deployment;
use error_code::has_code;
pub use explanation::explanation;
pub use reads::{Reads, lag};
pub use session::open_session;
use transaction::BEGIN;
pub use transaction::Transaction;

/// A request must be answered within five seconds.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);

/// Time between two attempts to reach a database that is starting.
const RETRY_INTERVAL: Duration = Duration::from_millis(100);

/// The database of a process: an `Executor`, like a pool.
///
/// When PostgreSQL refuses the password, the request waits for a fresh one instead of failing.
#[derive(Clone)]
pub struct Database {
    /// Created by the first request that needs a connection: deadpool counts cores, which reads files on Linux.
    connections: LazyPool,
    rotation: Rotation,
}

type LazyPool = Arc<LazyLock<Pool<Connections>, Box<dyn FnOnce() -> Pool<Connections> + Send>>>;

impl Database {
    /// Connects to `address` on first use. Its password is never refreshed.
    pub fn new(address: Address, deployment: Deployment) -> Self {
        let max_connections = match deployment {
            Deployment::Lambda { max_concurrency } => max_concurrency,
            Deployment::Container { max_connections } => max_connections,
        };
        let max_connections = usize::try_from(max_connections).unwrap_or(usize::MAX);
        let connections: LazyPool = Arc::new(LazyLock::new(Box::new(move || pool(address, max_connections))));
        Self { connections, rotation: Rotation::default() }
    }

    /// Returns the same database with a password that `rotation` refreshes.
    pub(crate) fn refreshed_by(self, rotation: Rotation) -> Self {
        Self { rotation, ..self }
    }

    /// Returns a connection without a transaction; only for databases without a pooler. Between `ALTER ROLE` and
    /// `put-parameter` both passwords are wrong, so it retries while there is time.
    pub async fn acquire(&self) -> Result<Connection, sqlx::Error> {
        let started = Instant::now();
        loop {
            let error = match self.connections.get().await {
                Ok(connection) => return Ok(connection.into()),
                Err(error) => unpooled(error),
            };
            if started.elapsed() > ACQUIRE_TIMEOUT {
                return Err(error);
            }
            if is_starting(&error) {
                tokio::time::sleep(RETRY_INTERVAL).await;
            } else if !(is_refusal(&error) && self.rotation.refresh().await) {
                return Err(error);
            }
        }
    }

    /// Begins a transaction, which is rolled back unless it is committed.
    pub async fn begin(&self) -> Result<Transaction, sqlx::Error> {
        self.begin_with(BEGIN).await
    }

    /// Begins a transaction with `statement`: `BEGIN` and its options.
    pub async fn begin_with(&self, statement: &str) -> Result<Transaction, sqlx::Error> {
        Transaction::begin(self.acquire().await?, statement).await
    }

    /// Ensures that there is an open connection.
    pub async fn try_connection(&self) -> Result<(), sqlx::Error> {
        self.acquire().await?.mark_clean();
        Ok(())
    }

    /// Returns whether half of the connections stay free if a request that uses `own` of them, or is about to, uses one
    /// more.
    pub fn has_connections_to_spare(&self, own: usize) -> bool {
        let pool = self.connections.status();
        let in_use = pool.size.saturating_sub(pool.available);
        2 * (in_use.max(own) + 1) <= pool.max_size
    }

    /// Closes idle connections now, and the others when they are returned.
    pub fn close(&self) {
        self.connections.close();
    }
}

fn pool(address: Address, max_connections: usize) -> Pool<Connections> {
    let pool = Pool::builder(Connections { address })
        .max_size(max_connections)
        // LIFO: the most recently used connection is the least likely to be stale
        .queue_mode(QueueMode::Lifo)
        .wait_timeout(Some(ACQUIRE_TIMEOUT))
        .create_timeout(Some(ACQUIRE_TIMEOUT))
        .runtime(Runtime::Tokio1);
    pool.build().expect("building fails only if timeouts have no runtime")
}

/// Hides the address, which contains a password.
impl fmt::Debug for Database {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Database").finish_non_exhaustive()
    }
}

fn unpooled(error: PoolError<sqlx::Error>) -> sqlx::Error {
    match error {
        PoolError::Backend(error) => error,
        PoolError::Closed => sqlx::Error::PoolClosed,
        _ => sqlx::Error::PoolTimedOut,
    }
}

/// SQLSTATE 28P01 invalid password, 28000 invalid authorization (PostgreSQL appendix A).
fn is_refusal(error: &sqlx::Error) -> bool {
    has_code(error, &["28P01", "28000"])
}

/// Returns whether the port refuses connections, or SQLSTATE is 57P03 (cannot connect now).
fn is_starting(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused)
        || has_code(error, &["57P03"])
}

impl<'c> Executor<'c> for &'c Database {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Either<PgQueryResult, PgRow>, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        Box::pin(async_stream::try_stream! {
            let mut connection = self.acquire().await?;
            if connection.prologue().is_some() {
                let mut transaction = Transaction::begin(connection, BEGIN).await?;
                let mut steps = transaction.fetch_many(query);
                while let Some(step) = steps.try_next().await? {
                    yield step;
                }
                drop(steps);
                transaction.commit().await?;
                return;
            }
            let mut steps = connection.fetch_many(query);
            while let Some(step) = steps.try_next().await? {
                yield step;
            }
            drop(steps);
            connection.mark_clean();
        })
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        Box::pin(async move {
            let mut connection = self.acquire().await?;
            if connection.prologue().is_some() {
                let mut transaction = Transaction::begin(connection, BEGIN).await?;
                let row = transaction.fetch_optional(query).await?;
                transaction.commit().await?;
                return Ok(row);
            }
            let row = connection.fetch_optional(query).await?;
            connection.mark_clean();
            Ok(row)
        })
    }

    fn prepare_with<'e, 'q: 'e>(
        self,
        sql: &'q str,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement<'q>, sqlx::Error>>
    where
        'c: 'e,
    {
        Box::pin(async move { self.begin().await?.prepare_with(sql, parameters).await })
    }

    fn describe<'e, 'q: 'e>(self, sql: &'q str) -> BoxFuture<'e, Result<Describe<Postgres>, sqlx::Error>>
    where
        'c: 'e,
    {
        Box::pin(async move { self.begin().await?.describe(sql).await })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_closed_database_says_so() {
        let options = sqlx::postgres::PgConnectOptions::new_without_pgpass();
        let database = Database::new(options.into(), Deployment::Container { max_connections: 1 });

        database.close();

        assert!(matches!(database.try_connection().await, Err(sqlx::Error::PoolClosed)));
    }
}
