//! Single settings, for functions and commands that need nothing else.

use secrecy::{ExposeSecret as _, SecretString};

use super::environment::Environment;
use super::error::ConfigError;
use super::migration_urls::MigrationUrls;
use super::reader::Reader;
use super::values::{CorsOrigins, Signup};
use crate::db::url;

/// Returns the address from `DATABASE_URL` or `POSTGRES_*`, in the form that sqlx reads.
pub fn database_url(environment: &Environment) -> Result<SecretString, ConfigError> {
    let mut read = Reader { environment, faults: Vec::new() };
    let url = read.database_url();
    if read.faults.is_empty() { Ok(url) } else { Err(ConfigError(read.faults)) }
}

/// Returns the addresses for migrations.
pub fn migration_urls(environment: &Environment) -> Result<MigrationUrls, ConfigError> {
    let mut read = Reader { environment, faults: Vec::new() };
    let [owner, direct] = ["DATABASE_OWNER_URL", "DATABASE_DIRECT_URL"].map(|name| read.url(name));
    // a direct address is enough; DATABASE_URL need not be set
    let url = if owner.is_none() && direct.is_some() { SecretString::default() } else { read.database_url() };
    let urls = MigrationUrls::new(url, owner, direct);
    if read.faults.is_empty() { Ok(urls) } else { Err(ConfigError(read.faults)) }
}

/// Returns the user and password of an address.
pub fn credentials(url: &SecretString) -> Option<(String, SecretString)> {
    url::read(url.expose_secret()).ok()?.credentials()
}

/// Returns `DATABASE_REPLICA_URL`, if it is set.
pub fn replica_database_url(environment: &Environment) -> Result<Option<SecretString>, ConfigError> {
    let mut read = Reader { environment, faults: Vec::new() };
    let url = read.url("DATABASE_REPLICA_URL");
    if read.faults.is_empty() { Ok(url) } else { Err(ConfigError(read.faults)) }
}

/// Reads `CORS_ORIGINS` alone, for a function that needs nothing else.
pub fn cors_origins(environment: &Environment) -> Result<CorsOrigins, ConfigError> {
    let mut read = Reader { environment, faults: Vec::new() };
    let origins = read.cors_origins();
    if read.faults.is_empty() { Ok(origins) } else { Err(ConfigError(read.faults)) }
}

/// Reads `SIGNUP` alone, for a command that needs nothing else.
pub fn signup(environment: &Environment) -> Result<Signup, ConfigError> {
    let mut read = Reader { environment, faults: Vec::new() };
    let signup = read.signup();
    if read.faults.is_empty() { Ok(signup) } else { Err(ConfigError(read.faults)) }
}
