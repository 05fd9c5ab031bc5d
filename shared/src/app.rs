//! The state of a process: built once, shared by every request.

use std::ops::Deref;
use std::sync::Arc;

use chrono::TimeDelta;

use crate::auth::{Passwords, Tokens, client_hash};
use crate::config::{Config, ConfigError, Environment, Signup};
use crate::db::{Address, Database, Deployment, Reads};
use crate::http::ClientAddress;
use crate::mail::Mailer;
use crate::secrets::{RotatingSecret, Rotation, SecretsError, Source};
use crate::time::Clock;

/// How long a replaced API key is still accepted: until every process has seen the new one.
const API_KEY_OVERLAP: TimeDelta = TimeDelta::seconds(60);

/// The state that handlers share. Clones are cheap (one reference count); axum makes several per request.
#[derive(Clone, Debug)]
pub struct App(Arc<State>);

/// The contents of an [`App`].
#[derive(Debug)]
pub struct State {
    /// Connections to PostgreSQL, opened on first use.
    pub db: Database,
    /// The databases for reads that tolerate replication lag, such as exports.
    pub reads: Reads,
    /// Issues and verifies tokens.
    pub tokens: Tokens,
    /// Hashes and verifies passwords.
    pub passwords: Passwords,
    /// Sends mail.
    pub mailer: Mailer,
    /// The key that grants access to `/admin/*`.
    pub admin_api_key: Option<Arc<RotatingSecret>>,
    /// The key that grants access to `/api/v1/*`.
    pub export_api_key: Option<Arc<RotatingSecret>>,
    /// The base URL of links in mails.
    pub frontend_url: Option<String>,
    /// How invited persons sign up.
    pub signup: Signup,
    /// Refreshes secrets from SSM.
    pub rotation: Rotation,
    /// The clock for tokens, keys and the progress of runs.
    pub clock: Clock,
}

/// Why a process cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A variable is missing or wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A secret could not be fetched.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The database's address is unusable.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
}

impl App {
    /// Fetches the secrets that `environment` names and builds the state.
    pub async fn start(
        environment: Environment,
        deployment: impl Fn(&Config) -> Deployment,
    ) -> Result<(Self, Config), StartError> {
        let Some(source) = Source::named_by(&environment).await else {
            let config = Config::from_environment(&environment)?;
            return Ok((Self::new(&config, deployment(&config))?, config));
        };
        let fetched = source.fetch().await?;
        let config = Config::from_environment(&fetched.environment)?;
        let deployment = deployment(&config);
        let address = Address::of(&config, deployment)?;
        let replica = replica(&config, deployment)?;
        let state = State::new(Database::new(address.clone(), deployment), replica.clone(), &config);
        let secrets = [Some(state.tokens.key()), state.admin_api_key.clone(), state.export_api_key.clone()];
        let rotation = Rotation::new(source, &config, &fetched, secrets.into_iter().flatten(), address, deployment);
        let db = state.db.refreshed_by(rotation.clone());
        let state = State { reads: Reads::new(db.clone(), replica), db, rotation, ..state };
        Ok((Self(Arc::new(state)), config))
    }

    /// Builds the state for `config` without opening a connection. Its secrets are never refreshed.
    pub fn new(config: &Config, deployment: Deployment) -> Result<Self, StartError> {
        Self::with_clock(config, deployment, Clock::default())
    }

    /// Builds the state for `config` with `clock` in place of the process's own.
    pub fn with_clock(config: &Config, deployment: Deployment, clock: Clock) -> Result<Self, StartError> {
        let address = Address::of(config, deployment)?;
        let db = Database::new(address, deployment);
        let state = State::new(db, replica(config, deployment)?, config);
        Ok(Self(Arc::new(State { clock, ..state })))
    }

    /// Builds the state for `config`, except that it uses `db`.
    pub fn over(db: Database, config: &Config) -> Self {
        Self(Arc::new(State::new(db, None, config)))
    }
}

/// Returns the replica in `config`. Its password is never refreshed: a replica that refuses the password counts as
/// down.
fn replica(config: &Config, deployment: Deployment) -> Result<Option<Database>, sqlx::Error> {
    Ok(Address::of_replica(config)?.map(|address| Database::new(address, deployment)))
}

impl Deref for App {
    type Target = State;

    fn deref(&self) -> &State {
        &self.0
    }
}

impl State {
    fn new(db: Database, replica: Option<Database>, config: &Config) -> Self {
        let api_key =
            |variable, key: &Option<_>| Some(Arc::new(RotatingSecret::new(variable, key.clone()?, API_KEY_OVERLAP)));
        Self {
            reads: Reads::new(db.clone(), replica),
            db,
            tokens: Tokens::new(&config.jwt_secret_key, config.access_token_expires, config.refresh_token_expires),
            passwords: Passwords::new(),
            mailer: Mailer::new(config.mail_transport.clone(), config.mail_from.clone()),
            admin_api_key: api_key("ADMIN_API_KEY", &config.admin_api_key),
            export_api_key: api_key("EXPORT_API_KEY", &config.export_api_key),
            frontend_url: config.frontend_url.clone(),
            signup: config.signup,
            rotation: Rotation::default(),
            clock: Clock::default(),
        }
    }

    /// Returns the hash under which failed logins of a client's address are counted.
    pub fn client_hash(&self, client: &ClientAddress) -> String {
        client_hash(&self.tokens.key(), client)
    }
}
