//! How to connect.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use secrecy::{ExposeSecret, SecretString};
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgConnection};

/// A request is answered within five seconds, so that the database has to be quicker than that.
const STATEMENT_TIMEOUT: &str = "4s";

/// The address of a database. A clone that changes changes all.
#[derive(Clone)]
pub struct Address(Arc<ArcSwap<PgConnectOptions>>);

impl Address {
    /// The address that `url` is (`postgresql://…`), for statements of requests.
    pub fn of(url: &SecretString) -> Result<Self, sqlx::Error> {
        options(url).map(Self::from)
    }

    /// From now on it is `url`.
    pub(crate) fn change(&self, url: &SecretString) -> Result<(), sqlx::Error> {
        self.0.store(Arc::new(options(url)?));
        Ok(())
    }

    pub(super) async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        self.0.load_full().connect().await
    }
}

impl From<PgConnectOptions> for Address {
    fn from(options: PgConnectOptions) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(options)))
    }
}

/// Without its password.
impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Address").field(&self.0.load().get_host()).finish()
    }
}

fn options(url: &SecretString) -> Result<PgConnectOptions, sqlx::Error> {
    Ok(PgConnectOptions::from_str(url.expose_secret())?
        .application_name("augmed")
        // compiling an upload's statement takes a second, running it takes one
        .options([("statement_timeout", STATEMENT_TIMEOUT), ("jit", "off")])
        .disable_statement_logging())
}
