//! Single settings, for functions and commands that need nothing else.

use secrecy::{ExposeSecret as _, SecretString};

use super::environment::Environment;
use super::error::ConfigError;
use super::migration_urls::MigrationUrls;
use super::reader::{Reader, read};
use super::values::{CorsOrigins, Signup};
use crate::db::url;

/// Returns the address from `DATABASE_URL` or `POSTGRES_*`, in the form that sqlx reads.
pub fn database_url(environment: &Environment) -> Result<SecretString, ConfigError> {
    read(environment, Reader::database_url)
}

/// Returns the addresses for migrations.
pub fn migration_urls(environment: &Environment) -> Result<MigrationUrls, ConfigError> {
    read(environment, |reader| {
        let [owner, direct] = ["DATABASE_OWNER_URL", "DATABASE_DIRECT_URL"].map(|name| reader.url(name));
        // a direct address is enough; DATABASE_URL need not be set
        let url = if owner.is_none() && direct.is_some() { SecretString::default() } else { reader.database_url() };
        MigrationUrls::new(url, owner, direct)
    })
}

/// Returns the user and password of an address.
pub fn credentials(url: &SecretString) -> Option<(String, SecretString)> {
    url::read(url.expose_secret()).ok()?.credentials()
}

/// Returns `DATABASE_REPLICA_URL`, if it is set.
pub fn replica_database_url(environment: &Environment) -> Result<Option<SecretString>, ConfigError> {
    read(environment, |reader| reader.url("DATABASE_REPLICA_URL"))
}

/// Returns `OLD_DATABASE_URL`, if it is set: the old system's database, for a comparison.
pub fn old_database_url(environment: &Environment) -> Result<Option<SecretString>, ConfigError> {
    read(environment, |reader| reader.url("OLD_DATABASE_URL"))
}

/// Reads `CORS_ORIGINS` alone, for a function that needs nothing else.
pub fn cors_origins(environment: &Environment) -> Result<CorsOrigins, ConfigError> {
    read(environment, Reader::cors_origins)
}

/// Reads `SIGNUP` alone, for a command that needs nothing else.
pub fn signup(environment: &Environment) -> Result<Signup, ConfigError> {
    read(environment, Reader::signup)
}
