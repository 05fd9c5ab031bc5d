//! How to connect.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use log::LevelFilter;
use secrecy::{ExposeSecret, SecretString};
use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};

use super::Deployment;
use super::session::{self, Settings};
use crate::config::Config;

/// What the sessions of requests ask of PostgreSQL.
const OF_REQUESTS: Settings = &[
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
pub struct Address(Arc<Inner>);

struct Inner {
    place: ArcSwap<Place>,
    settings: Settings,
    /// Found out by the first connection, unless the configuration says so.
    is_pooled: AtomicBool,
    prologue: Arc<str>,
}

enum Place {
    Known(Box<PgConnectOptions>),
    /// To be read when somebody connects: sqlx looks for its defaults in files and in the list of the system's users.
    Url(SecretString),
}

/// A connection, and what each transaction on it begins with if a pooler keeps no session for it.
pub(super) struct Opened {
    pub(super) connection: PgConnection,
    pub(super) prologue: Option<Arc<str>>,
}

impl Address {
    /// Returns the address that `config` names, for statements of requests. A function, whose start somebody waits for, learns
    /// from its first connection whether each part of it can be read.
    pub fn of(config: &Config, deployment: Deployment) -> Result<Self, sqlx::Error> {
        let place = match deployment {
            Deployment::Lambda { .. } => Place::Url(config.database_url.clone()),
            Deployment::Container { .. } => Place::Known(options(&config.database_url)?.into()),
        };
        Ok(Self::new(place, OF_REQUESTS, config.database_direct_url.is_some()))
    }

    /// Returns the address of the replica that `config` names, for exports.
    pub fn of_replica(config: &Config) -> Result<Option<Self>, sqlx::Error> {
        let Some(url) = &config.database_replica_url else { return Ok(None) };
        Ok(Some(Self::new(Place::Known(options(url)?.into()), OF_REQUESTS, false)))
    }

    /// Returns the address for a command, whose statements may take as long as they need.
    pub fn of_command(options: PgConnectOptions, is_pooled: bool) -> Self {
        Self::new(Place::Known(options.into()), &[], is_pooled)
    }

    fn new(place: Place, settings: Settings, is_pooled: bool) -> Self {
        Self(Arc::new(Inner {
            place: ArcSwap::from_pointee(place),
            settings,
            is_pooled: is_pooled.into(),
            prologue: session::prologue(settings).into(),
        }))
    }

    /// From now on it is `url`.
    pub(crate) fn change(&self, url: &SecretString) -> Result<(), sqlx::Error> {
        self.0.place.store(Arc::new(Place::Known(options(url)?.into())));
        Ok(())
    }

    pub(super) async fn connect(&self) -> Result<Opened, sqlx::Error> {
        let options = match &*self.0.place.load_full() {
            Place::Known(options) => PgConnectOptions::clone(options),
            Place::Url(url) => options(url)?,
        };
        if !self.0.is_pooled.load(Ordering::Relaxed) {
            if let Some(connection) = session::open(options.clone(), self.0.settings).await? {
                return Ok(Opened { connection, prologue: None });
            }
            self.0.is_pooled.store(true, Ordering::Relaxed);
            tracing::info!("a pooler keeps no sessions: each statement is a transaction from now on");
        }
        let connection = session::open_pooled(options).await?;
        Ok(Opened { connection, prologue: Some(Arc::clone(&self.0.prologue)) })
    }
}

impl From<PgConnectOptions> for Address {
    fn from(options: PgConnectOptions) -> Self {
        Self::of_command(options, false)
    }
}

/// There is a password in it.
impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Address").finish_non_exhaustive()
    }
}

fn options(url: &SecretString) -> Result<PgConnectOptions, sqlx::Error> {
    let options = PgConnectOptions::from_str(url.expose_secret())?.application_name("augmed");
    // `telemetry` counts them, and writes none
    Ok(options.log_statements(LevelFilter::Info).log_slow_statements(LevelFilter::Off, Duration::MAX))
}
