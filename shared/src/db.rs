//! The database: a pool of connections, and what happens when its password has changed.

use std::ops::{Deref, DerefMut};
use std::str::FromStr;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use futures_util::stream::{BoxStream, TryStreamExt};
use secrecy::{ExposeSecret, SecretString};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{
    PgConnectOptions, PgConnection, PgPool, PgPoolOptions, PgQueryResult, PgRow, PgStatement, PgTypeInfo, Postgres,
};
use sqlx::{ConnectOptions, Connection, Describe, Either, Execute, Executor, Transaction};
use tokio::runtime::Handle;

use crate::secrets::Rotation;

/// Where the process runs, as far as its database connections are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deployment {
    /// One request at a time; frozen in between, so that a connection may be dead without anybody noticing.
    Lambda,
    /// Many requests at once.
    Container {
        /// Connections at most.
        max_connections: u32,
    },
}

/// A request is answered within five seconds, so that the database has to be quicker than that.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
const STATEMENT_TIMEOUT: &str = "4s";

/// A connection that was used within this time is taken for alive.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);

/// A connection that gives no sign of life for so long is taken for dead: after a failover nobody closes it.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);

/// The database of a process. An `Executor` as a pool is.
///
/// When PostgreSQL refuses the password, it is fetched anew, and the request waits for that instead of failing.
#[derive(Clone, Debug)]
pub struct Database {
    pool: PgPool,
    rotation: Rotation,
}

impl Database {
    /// Connects through `pool`, whose password `rotation` keeps new.
    pub fn new(pool: PgPool, rotation: Rotation) -> Self {
        Self { pool, rotation }
    }

    /// A connection.
    pub async fn acquire(&self) -> Result<Lease, sqlx::Error> {
        self.unless_refused(async |pool| pool.acquire().await).await.map(Lease)
    }

    /// A transaction.
    pub async fn begin(&self) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        self.unless_refused(async |pool| pool.begin().await).await
    }

    /// Waits for connections that are in use, and ends all.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Between `ALTER ROLE` and `put-parameter` both passwords are wrong: asks again while there is time.
    async fn unless_refused<T>(
        &self,
        attempt: impl AsyncFn(&PgPool) -> Result<T, sqlx::Error>,
    ) -> Result<T, sqlx::Error> {
        let started = Instant::now();
        loop {
            match attempt(&self.pool).await {
                Err(error) if is_refusal(&error) && started.elapsed() < ACQUIRE_TIMEOUT => {
                    if !self.rotation.refresh().await {
                        return Err(error);
                    }
                }
                outcome => return outcome,
            }
        }
    }
}

/// A connection that goes back to the pool, or is closed where it gives no sign of life.
#[derive(Debug)]
pub struct Lease(PoolConnection<Postgres>);

impl Deref for Lease {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.0
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.0
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // the pool waits for the sign of life as long as it takes, and has a connection less meanwhile
        let returned = self.0.return_to_pool();
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async { tokio::time::timeout(SIGN_OF_LIFE, returned).await });
        }
    }
}

/// With a password that stays as it is.
impl From<PgPool> for Database {
    fn from(pool: PgPool) -> Self {
        Self::new(pool, Rotation::default())
    }
}

/// SQLSTATE 28P01 invalid password, 28000 invalid authorization (PostgreSQL appendix A).
fn is_refusal(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .is_some_and(|code| code == "28P01" || code == "28000")
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
            let mut steps = connection.fetch_many(query);
            while let Some(step) = steps.try_next().await? {
                yield step;
            }
        })
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, Result<Option<PgRow>, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        Box::pin(async move { self.acquire().await?.fetch_optional(query).await })
    }

    fn prepare_with<'e, 'q: 'e>(
        self,
        sql: &'q str,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement<'q>, sqlx::Error>>
    where
        'c: 'e,
    {
        Box::pin(async move { self.acquire().await?.prepare_with(sql, parameters).await })
    }

    fn describe<'e, 'q: 'e>(self, sql: &'q str) -> BoxFuture<'e, Result<Describe<Postgres>, sqlx::Error>>
    where
        'c: 'e,
    {
        Box::pin(async move { self.acquire().await?.describe(sql).await })
    }
}

/// How to connect to the database at `url`.
pub(crate) fn connect_options(url: &SecretString) -> Result<PgConnectOptions, sqlx::Error> {
    Ok(PgConnectOptions::from_str(url.expose_secret())?
        .application_name("augmed")
        .options([("statement_timeout", STATEMENT_TIMEOUT)])
        .disable_statement_logging())
}

/// A pool that connects on first use.
pub fn lazy_pool(url: &SecretString, deployment: Deployment) -> Result<PgPool, sqlx::Error> {
    let (max_connections, trusted_idle) = match deployment {
        Deployment::Lambda => (1, Duration::ZERO),
        // a ping before each statement would double the round trips of a busy server
        Deployment::Container { max_connections } => (max_connections, TRUSTED_IDLE),
    };
    let pool = PgPoolOptions::new()
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .max_lifetime(Duration::from_secs(1800))
        .max_connections(max_connections)
        // the pool's own pings wait for ever
        .test_before_acquire(false)
        .before_acquire(move |connection, meta| {
            Box::pin(async move { if meta.idle_for > trusted_idle { is_alive(connection).await } else { Ok(true) } })
        })
        // a rollback is under way
        .after_release(|connection, _| {
            Box::pin(async move { if connection.should_flush() { is_alive(connection).await } else { Ok(true) } })
        });
    Ok(pool.connect_lazy_with(connect_options(url)?))
}

async fn is_alive(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    match tokio::time::timeout(SIGN_OF_LIFE, connection.ping()).await {
        Ok(sign) => sign.map(|()| true),
        Err(_) => Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())),
    }
}
