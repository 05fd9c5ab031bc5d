//! The database: a pool of connections, and what happens when its password has changed.

use std::str::FromStr;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use futures_util::stream::{BoxStream, TryStreamExt};
use secrecy::{ExposeSecret, SecretString};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{
    PgConnectOptions, PgPool, PgPoolOptions, PgQueryResult, PgRow, PgStatement, PgTypeInfo, Postgres,
};
use sqlx::{ConnectOptions, Connection, Describe, Either, Execute, Executor, Transaction};

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
    pub async fn acquire(&self) -> Result<PoolConnection<Postgres>, sqlx::Error> {
        self.unless_refused(async |pool| pool.acquire().await).await
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
    let pool = PgPoolOptions::new().acquire_timeout(ACQUIRE_TIMEOUT).max_lifetime(Duration::from_secs(1800));
    let pool = match deployment {
        Deployment::Lambda => pool.max_connections(1).test_before_acquire(true),
        Deployment::Container { max_connections } => {
            // a ping before each statement would double the round trips of a busy server
            pool.max_connections(max_connections).test_before_acquire(false).before_acquire(|connection, meta| {
                Box::pin(async move {
                    if meta.idle_for > TRUSTED_IDLE {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
        }
    };
    Ok(pool.connect_lazy_with(connect_options(url)?))
}
