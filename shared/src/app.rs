//! The state of a process: built once, cloned into every request.

use std::sync::Arc;

use secrecy::SecretString;
use sqlx::PgPool;

use crate::auth::{Passwords, Tokens};
use crate::config::{Config, ConfigError, Environment};
use crate::db::{self, Deployment};
use crate::mail::Mailer;
use crate::secrets::{self, SecretsError};

/// What handlers work with. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct App {
    /// Connections to PostgreSQL, opened on first use.
    pub db: PgPool,
    /// Issues and verifies tokens.
    pub tokens: Arc<Tokens>,
    /// Hashes and verifies passwords.
    pub passwords: Passwords,
    /// Sends mail.
    pub mailer: Arc<Mailer>,
    /// Opens `/admin/*`.
    pub admin_api_key: Option<Arc<SecretString>>,
    /// Opens `/api/v1/*`.
    pub export_api_key: Option<Arc<SecretString>>,
    /// Where the link in a reset mail leads.
    pub frontend_url: Option<Arc<str>>,
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
        mut environment: Environment,
        deployment: impl Fn(&Config) -> Deployment,
    ) -> Result<(Self, Config), StartError> {
        secrets::resolve(&mut environment).await?;
        let config = Config::from_environment(&environment)?;
        let app = Self::new(&config, deployment(&config))?;
        Ok((app, config))
    }

    /// The state for `config`; opens no connection.
    pub fn new(config: &Config, deployment: Deployment) -> Result<Self, StartError> {
        Ok(Self {
            db: db::lazy_pool(&config.database_url, deployment)?,
            tokens: Arc::new(Tokens::new(
                &config.jwt_secret_key,
                config.access_token_expires,
                config.refresh_token_expires,
            )),
            passwords: Passwords::new(),
            mailer: Arc::new(Mailer::new(config.mail_transport.clone(), config.mail_from.clone())),
            admin_api_key: config.admin_api_key.clone().map(Arc::new),
            export_api_key: config.export_api_key.clone().map(Arc::new),
            frontend_url: config.frontend_url.as_deref().map(Arc::from),
        })
    }
}
