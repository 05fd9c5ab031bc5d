//! Where and how to connect.

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

/// The session settings of requests.
const REQUEST_SETTINGS: Settings = &[
    // a request must be answered within five seconds
    ("statement_timeout", "4s"),
    // a longer wait for a lock becomes a 503
    ("lock_timeout", "3s"),
    // a client that disappears in a transaction must not keep its locks
    ("idle_in_transaction_session_timeout", "5s"),
    // a client that disappears at any other time is detected within 11 seconds
    ("tcp_keepalives_idle", "5"),
    ("tcp_keepalives_interval", "2"),
    ("tcp_keepalives_count", "3"),
    // with JIT, compiling an upload's statement takes as long as running it
    ("jit", "off"),
];

/// The address of a database. Clones share one target: changing one changes all.
#[derive(Clone)]
pub struct Address(Arc<Inner>);

struct Inner {
    target: ArcSwap<Target>,
    user: User,
    /// Whether a pooler keeps no sessions. Set by the first connection, unless the configuration says so.
    is_pooled: AtomicBool,
    prologue: Arc<str>,
}

/// Who uses a connection.
#[derive(Clone, Copy)]
enum User {
    Requests,
    Command,
}

impl User {
    fn settings(self) -> Settings {
        match self {
            Self::Requests => REQUEST_SETTINGS,
            Self::Command => &[],
        }
    }

    async fn open_session(self, options: &PgConnectOptions) -> Result<Option<PgConnection>, sqlx::Error> {
        match self {
            Self::Requests => session::open_for_requests(options, REQUEST_SETTINGS).await,
            Self::Command => session::open_session(options).await,
        }
    }
}

enum Target {
    Known(Box<PgConnectOptions>),
    /// Parsed on connect, not at the start, because sqlx reads files and the system's list of users for its defaults.
    Url(SecretString),
}

/// A connection, and the prologue of each transaction on it if a pooler keeps no session.
pub(super) struct Opened {
    pub(super) connection: PgConnection,
    pub(super) prologue: Option<Arc<str>>,
}

impl Address {
    /// Returns the address in `config`, for the statements of requests. A function parses it with its first connection,
    /// to start faster.
    pub fn of(config: &Config, deployment: Deployment) -> Result<Self, sqlx::Error> {
        let target = match deployment {
            Deployment::Lambda { .. } => Target::Url(config.database_url.clone()),
            Deployment::Container { .. } => Target::Known(options(&config.database_url)?.into()),
        };
        Ok(Self::new(target, User::Requests, config.database_direct_url.is_some()))
    }

    /// Returns the address of the replica in `config`, for exports.
    pub fn of_replica(config: &Config) -> Result<Option<Self>, sqlx::Error> {
        let Some(url) = &config.database_replica_url else { return Ok(None) };
        Ok(Some(Self::new(Target::Known(options(url)?.into()), User::Requests, false)))
    }

    /// Returns the address for a command, whose statements have no time limit.
    pub fn of_command(options: PgConnectOptions, is_pooled: bool) -> Self {
        Self::new(Target::Known(options.into()), User::Command, is_pooled)
    }

    fn new(target: Target, user: User, is_pooled: bool) -> Self {
        Self(Arc::new(Inner {
            target: ArcSwap::from_pointee(target),
            user,
            is_pooled: is_pooled.into(),
            prologue: session::prologue(user.settings()).into(),
        }))
    }

    /// Replaces the target of all clones by `url`.
    pub(crate) fn change(&self, url: &SecretString) -> Result<(), sqlx::Error> {
        self.0.target.store(Arc::new(Target::Known(options(url)?.into())));
        Ok(())
    }

    pub(super) async fn connect(&self) -> Result<Opened, sqlx::Error> {
        let options = match &*self.0.target.load_full() {
            Target::Known(options) => PgConnectOptions::clone(options),
            Target::Url(url) => options(url)?,
        };
        if !self.0.is_pooled.load(Ordering::Relaxed) {
            if let Some(connection) = self.0.user.open_session(&options).await? {
                return Ok(Opened { connection, prologue: None });
            }
            self.0.is_pooled.store(true, Ordering::Relaxed);
            tracing::info!("the pooler keeps no sessions: running each statement in a transaction");
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

/// Hides the password.
impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Address").finish_non_exhaustive()
    }
}

fn options(url: &SecretString) -> Result<PgConnectOptions, sqlx::Error> {
    let options = PgConnectOptions::from_str(url.expose_secret())?.application_name("augmed");
    // `telemetry` counts statements at INFO and logs none
    Ok(options.log_statements(LevelFilter::Info).log_slow_statements(LevelFilter::Off, Duration::MAX))
}
