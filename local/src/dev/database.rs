//! The database of `cargo dev`: the one that the environment names, or one on our own server. It is migrated, and gets
//! the demo study.

use std::path::Path;
use std::sync::mpsc;

use secrecy::ExposeSecret as _;
use shared::config::{self, ConfigError, Environment, MigrationUrls};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};

use crate::postgres::{self, Server};
use crate::progress::when_slow;
use demo::{SeedError, Seeded};

/// Name of the database in our own cluster.
const NAME: &str = "augmed";
/// SQLSTATE of a database that another process has created in the meantime.
const DUPLICATE_DATABASE: &str = "42P04";
/// Variables that name a database; any one is enough.
const NAMED_BY: [&str; 2] = ["DATABASE_URL", "POSTGRES_HOST"];

/// A database, and its server if that is our own.
pub(super) struct Database {
    pub url: String,
    /// Owner and role for migrations.
    urls: MigrationUrls,
    /// The server runs as long as this value exists.
    pub server: Option<Server>,
}

/// Why there is no database.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The environment names a database incorrectly.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Our own server did not start.
    #[error(transparent)]
    Postgres(#[from] postgres::Error),
    /// The database does not answer, or refuses the connection.
    #[error("the database does not answer: {0}")]
    Connection(#[from] sqlx::Error),
    /// The migrations failed.
    #[error("the database cannot be migrated: {0}")]
    Migration(#[from] migrate::Error),
    /// The database holds data other than the demo.
    #[error("{0}\n{hint}", hint = hint(.0))]
    Demo(#[from] SeedError),
}

fn hint(error: &SeedError) -> &'static str {
    match error {
        SeedError::AnotherStudy(_) => "Nothing was changed. To serve the database as it is: cargo dev --no-demo",
        _ => "To serve without the demo study: cargo dev --no-demo",
    }
}

impl Database {
    /// Returns the database that `given` names, or else one on our own server with its data in `directory`.
    pub async fn find(given: &Environment, directory: &Path) -> Result<Self, DatabaseError> {
        if NAMED_BY.iter().any(|name| given.get(*name).is_some_and(|value| !value.is_empty())) {
            let url = config::database_url(given)?.expose_secret().to_owned();
            return Ok(Self { url, urls: config::migration_urls(given)?, server: None });
        }
        let config = postgres::Config::dev(directory.join("postgres"));
        let server = tokio::task::block_in_place(|| Server::start(&config))?;
        create(&server).await?;
        let urls = MigrationUrls::new(server.url(NAME).into(), None, None);
        Ok(Self { url: server.url(NAME), urls, server: Some(server) })
    }

    /// Applies pending migrations, or adopts a database of the old system.
    pub async fn migrate(&self) -> Result<migrate::Report, DatabaseError> {
        Ok(slowly("migrating the database", migrate::Runner::of_urls(&self.urls)?.up(None)).await?)
    }

    /// Stores the demo study, unless it is already there.
    pub async fn seed(&self) -> Result<Seeded, DatabaseError> {
        let options: PgConnectOptions = self.urls.owner.expose_secret().parse()?;
        let mut connection = options.disable_statement_logging().connect().await?;
        let seeded = slowly("storing the demo study", demo::seed(&mut connection)).await?;
        connection.close().await?;
        Ok(seeded)
    }
}

async fn create(server: &Server) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(&server.url("postgres")).await?;
    let exists = sqlx::query_scalar::<_, bool>("SELECT true FROM pg_database WHERE datname = $1").bind(NAME);
    if exists.fetch_optional(&mut connection).await?.is_none() {
        let created = sqlx::query(&format!("CREATE DATABASE {NAME}")).execute(&mut connection).await;
        let already_exists = |error: &sqlx::Error| {
            error.as_database_error().is_some_and(|error| error.code().as_deref() == Some(DUPLICATE_DATABASE))
        };
        created.map(drop).or_else(|error| if already_exists(&error) { Ok(()) } else { Err(error) })?;
    }
    connection.close().await
}

/// Runs `work`, with a spinner after one second.
pub(super) async fn slowly<T>(message: &'static str, work: impl Future<Output = T>) -> T {
    let (done, waiting) = mpsc::channel::<()>();
    // `waiting` returns when `done` is dropped
    tokio::task::spawn_blocking(move || when_slow(message, || waiting.recv()));
    let result = work.await;
    drop(done);
    result
}
