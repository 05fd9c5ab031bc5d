//! How to connect.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use secrecy::{ExposeSecret, SecretString};
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgConnection};

use super::Deployment;

/// What the sessions of requests ask of PostgreSQL.
const SESSION: [(&str, &str); 7] = [
    // a request is answered within five seconds, so that the database has to be quicker than that
    ("statement_timeout", "4s"),
    // who waits for a lock longer than this gets a 503 that says so
    ("lock_timeout", "3s"),
    // as for each transaction: a client that disappears holds no locks
    ("idle_in_transaction_session_timeout", "5s"),
    // a client that disappears at any other time is noticed within 11 seconds
    ("tcp_keepalives_idle", "5"),
    ("tcp_keepalives_interval", "2"),
    ("tcp_keepalives_count", "3"),
    // compiling an upload's statement takes a second, running it takes one
    ("jit", "off"),
];

/// The address of a database. A clone that changes changes all.
#[derive(Clone)]
pub struct Address(Arc<ArcSwap<Place>>);

enum Place {
    Known(Box<PgConnectOptions>),
    /// To be read when somebody connects: sqlx looks for its defaults in files and in the list of the system's users.
    Url(SecretString),
}

impl Address {
    /// The address that `url` is (`postgresql://…`), for statements of requests. A function, whose start somebody waits for, learns
    /// from its first connection whether each part of it can be read.
    pub fn of(url: &SecretString, deployment: Deployment) -> Result<Self, sqlx::Error> {
        Ok(match deployment {
            Deployment::Lambda => Place::Url(url.clone()).into(),
            Deployment::Container { .. } => options(url)?.into(),
        })
    }

    /// From now on it is `url`.
    pub(crate) fn change(&self, url: &SecretString) -> Result<(), sqlx::Error> {
        self.0.store(Arc::new(Place::Known(options(url)?.into())));
        Ok(())
    }

    pub(super) async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        match &*self.0.load_full() {
            Place::Known(options) => options.connect().await,
            Place::Url(url) => options(url)?.connect().await,
        }
    }
}

impl From<PgConnectOptions> for Address {
    fn from(options: PgConnectOptions) -> Self {
        Place::Known(options.into()).into()
    }
}

impl From<Place> for Address {
    fn from(place: Place) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(place)))
    }
}

/// There is a password in it.
impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Address").finish_non_exhaustive()
    }
}

fn options(url: &SecretString) -> Result<PgConnectOptions, sqlx::Error> {
    Ok(PgConnectOptions::from_str(url.expose_secret())?
        .application_name("augmed")
        .options(SESSION)
        .disable_statement_logging())
}
