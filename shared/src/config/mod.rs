//! Configuration: the environment, read once. Reports all faults together, each with its variable's name.

mod environment;
mod error;
mod migration_urls;
mod reader;
mod single;
#[cfg(test)]
mod tests;
mod values;

use std::collections::BTreeSet;
use std::str::FromStr as _;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::postgres::PgConnectOptions;

use environment::MIN_SIGNING_KEY_BYTES;
use reader::Reader;

pub use environment::{Environment, process_environment};
pub use error::ConfigError;
pub use migration_urls::MigrationUrls;
pub use single::{
    cors_origins, credentials, database_url, migration_urls, old_database_url, replica_database_url, signup,
};
pub use values::{CorsOrigins, MailTransport, Signup};

/// The configuration of a function or the container.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address from `DATABASE_URL` or `POSTGRES_*`, in the form that sqlx reads.
    pub database_url: SecretString,
    /// `DATABASE_DIRECT_URL`: the address for work that needs a session, if `database_url` leads to a pooler.
    pub database_direct_url: Option<SecretString>,
    /// `DATABASE_OWNER_URL`: the role that runs migrations; by default the user of `database_url`.
    pub database_owner_url: Option<SecretString>,
    /// `DATABASE_MAX_CONNECTIONS` of the container. A function has one: it serves one request at a time.
    pub database_max_connections: u32,
    /// `DATABASE_REPLICA_URL`: the database that exports read.
    pub database_replica_url: Option<SecretString>,
    /// `JWT_SECRET_KEY`: signs and verifies tokens (contract section 2).
    pub jwt_secret_key: SecretString,
    /// `JWT_SECRET_KEY_REVOKED_VERSIONS`: versions of the parameter behind `JWT_SECRET_KEY` that are not accepted.
    pub jwt_revoked_versions: BTreeSet<i64>,
    /// `JWT_ACCESS_TOKEN_EXPIRES`: the lifetime of a token, in seconds.
    pub access_token_expires: Duration,
    /// `JWT_REFRESH_TOKEN_EXPIRES`: how long after the login a token is renewed, in seconds.
    pub refresh_token_expires: Duration,
    /// `EXPORT_API_KEY`; without it no key grants access to `/api/v1/*`.
    pub export_api_key: Option<SecretString>,
    /// `ADMIN_API_KEY`; without it no key grants access to `/admin/*`.
    pub admin_api_key: Option<SecretString>,
    /// `CORS_ORIGINS`.
    pub cors_origins: CorsOrigins,
    /// `PORT`: the port the container listens on.
    pub port: u16,
    /// `FRONTEND_URL`, without a trailing slash: the base of the link in a reset mail.
    pub frontend_url: Option<String>,
    /// `SIGNUP`.
    pub signup: Signup,
    /// `FRONTEND_DIRECTORY`: a built frontend that the container serves beside the API.
    pub frontend_directory: Option<std::path::PathBuf>,
    /// `MAIL_FROM`: the sender of mails.
    pub mail_from: Option<String>,
    /// `MAIL_TRANSPORT`.
    pub mail_transport: MailTransport,
    /// `MIGRATE_ON_START`: whether the container applies pending migrations before it serves.
    pub migrate_on_start: bool,
    /// `SECRETS_REFRESH_SECONDS`: the age at which secrets from Parameter Store are fetched again.
    pub secrets_refresh: Duration,
}

/// The access and refresh lifetime of the old system.
const THREE_DAYS: Duration = Duration::from_secs(259_200);

impl Config {
    /// Returns the addresses for migrations at the start.
    pub fn migration_urls(&self) -> MigrationUrls {
        MigrationUrls::new(self.database_url.clone(), self.database_owner_url.clone(), self.database_direct_url.clone())
    }

    /// Reads `environment`, whose secrets are already resolved (see [`crate::secrets::resolve`]).
    pub fn from_environment(environment: &Environment) -> Result<Self, ConfigError> {
        reader::read(environment, |read| {
            let config = Self {
                database_url: read.database_url(),
                database_direct_url: read.url("DATABASE_DIRECT_URL"),
                database_replica_url: read.url("DATABASE_REPLICA_URL"),
                database_owner_url: read.url("DATABASE_OWNER_URL"),
                database_max_connections: read.number("DATABASE_MAX_CONNECTIONS", 10, 1..=1000),
                jwt_secret_key: read.signing_key(),
                jwt_revoked_versions: read.versions("JWT_SECRET_KEY_REVOKED_VERSIONS"),
                access_token_expires: read.seconds("JWT_ACCESS_TOKEN_EXPIRES", THREE_DAYS),
                refresh_token_expires: read.seconds("JWT_REFRESH_TOKEN_EXPIRES", THREE_DAYS),
                export_api_key: read.optional("EXPORT_API_KEY").map(SecretString::from),
                admin_api_key: read.optional("ADMIN_API_KEY").map(SecretString::from),
                cors_origins: read.cors_origins(),
                port: read.number("PORT", 5000, 0..=u16::MAX),
                frontend_url: read.optional("FRONTEND_URL").and_then(|url| read.origin("FRONTEND_URL", &url)),
                signup: read.signup(),
                frontend_directory: read.optional("FRONTEND_DIRECTORY").map(std::path::PathBuf::from),
                mail_from: read.optional("MAIL_FROM"),
                mail_transport: read.mail_transport(),
                migrate_on_start: read.flag("MIGRATE_ON_START"),
                // functions use a secret for up to twice this time: one minute
                secrets_refresh: Duration::from_secs(read.number("SECRETS_REFRESH_SECONDS", 30, 1..=30)),
            };
            config.check_api_keys(read);
            config
        })
    }

    /// Returns whether both API keys are equal, so that the services' key also grants access to `/admin/*`.
    pub fn has_equal_api_keys(&self) -> bool {
        let key = |key: &Option<SecretString>| key.as_ref().map(|key| key.expose_secret().to_owned());
        self.admin_api_key.is_some() && key(&self.admin_api_key) == key(&self.export_api_key)
    }

    /// Returns whether the signing key is open to brute force: RFC 7518 section 3.2 requires 256 bits for HS256.
    pub fn has_short_signing_key(&self) -> bool {
        self.jwt_secret_key.expose_secret().len() < MIN_SIGNING_KEY_BYTES
    }

    /// Refuses equal API keys, except in development and tests, where one key is enough (decision 75).
    fn check_api_keys(&self, read: &mut Reader<'_>) {
        let may_be_equal = read.flag("API_KEYS_MAY_BE_EQUAL");
        if self.has_equal_api_keys() && !may_be_equal && !self.has_local_database() {
            read.faults.push(
                "EXPORT_API_KEY is the same as ADMIN_API_KEY, so it also grants access to /admin/*: generate another key with \
                 `openssl rand -hex 32`, or set API_KEYS_MAY_BE_EQUAL=true"
                    .to_owned(),
            );
        }
    }

    /// Returns whether the database is on this machine, as in development and tests.
    fn has_local_database(&self) -> bool {
        PgConnectOptions::from_str(self.database_url.expose_secret()).is_ok_and(|options| {
            options.get_socket().is_some() || ["localhost", "127.0.0.1", "::1", "[::1]"].contains(&options.get_host())
        })
    }
}
