//! The connection pool.

use std::str::FromStr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions, Connection};

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

/// A pool that connects on first use.
pub fn lazy_pool(url: &SecretString, deployment: Deployment) -> Result<PgPool, sqlx::Error> {
    let options = PgConnectOptions::from_str(url.expose_secret())?
        .application_name("augmed")
        .options([("statement_timeout", STATEMENT_TIMEOUT)])
        .disable_statement_logging();
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
    Ok(pool.connect_lazy_with(options))
}
