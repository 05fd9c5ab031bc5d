//! Resources of commands: the environment, the database, and the output.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use shared::audit::Author;
use shared::config::{self, Environment};
use shared::db::{Address, Database, Deployment, Transaction};
use shared::secrets;
use shared::{App, Config};
use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;

use crate::failure::Failure;
use crate::report::{Ending, Report};

/// Longer than a running server takes to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Shared context of all commands.
#[derive(Debug)]
pub struct Context {
    /// Whether to print JSON.
    pub json: bool,
    author: Author,
}

impl Context {
    /// Creates the context, with the output format.
    pub fn new(json: bool) -> Self {
        Self { json, author: Author::of_command() }
    }

    /// Returns the environment, with SSM secrets resolved.
    pub async fn environment(&self) -> Result<Environment, Failure> {
        let mut environment = config::process_environment();
        Box::pin(secrets::resolve(&mut environment)).await.map_err(|error| {
            Failure::new(error.to_string())
                .with_remedy("check AWS credentials, region and the names in *_PARAMETER with `augmed doctor`")
        })?;
        Ok(environment)
    }

    /// Returns options for a connection as the owner that bypasses the pooler, for commands that need a session or more rights than the
    /// service has.
    pub async fn owner_options(&self) -> Result<PgConnectOptions, Failure> {
        options(&config::migration_urls(&self.environment().await?)?.owner)
    }

    /// Returns a tested connection pool. Statements have no time limit, because no page is waiting for them.
    pub async fn database(&self) -> Result<Database, Failure> {
        let environment = self.environment().await?;
        let is_pooled = environment.get("DATABASE_DIRECT_URL").is_some_and(|url| !url.is_empty());
        connected(Address::of_command(options(&config::database_url(&environment)?)?, is_pooled)).await
    }

    /// Returns a connection pool of the old system's copy, for a comparison that writes.
    pub async fn old_database(&self) -> Result<Database, Failure> {
        let Some(url) = config::old_database_url(&self.environment().await?)? else {
            return Err(
                Failure::usage("OLD_DATABASE_URL is not set").with_remedy("name the copy that the old system uses")
            );
        };
        connected(options(&url)?.into()).await
    }

    /// Returns the replica if it responds, otherwise the database: for reads that may be slightly stale. Prints which one to standard
    /// error.
    pub async fn reads(&self) -> Result<Database, Failure> {
        let Some(url) = config::replica_database_url(&self.environment().await?)? else { return self.database().await };
        let replica = Database::new(options(&url)?.into(), Deployment::Container { max_connections: 2 });
        if let Ok(lag) = shared::db::lag(&replica).await {
            anstream::eprintln!("note: reading the replica, {:.1} s behind", lag.as_secs_f64());
            return Ok(replica);
        }
        anstream::eprintln!("note: the replica does not answer; reading the primary");
        self.database().await
    }

    /// Returns the replica's lag, if a replica is configured.
    pub async fn replica_lag(&self) -> Option<Result<Duration, Failure>> {
        let lag = async {
            let Some(url) = config::replica_database_url(&self.environment().await?)? else { return Ok(None) };
            let replica = Database::new(options(&url)?.into(), Deployment::Container { max_connections: 1 });
            Ok(Some(shared::db::lag(&replica).await?))
        };
        lag.await.transpose()
    }

    /// Returns the same as [`Self::database`], with [`Self::owner_options`].
    pub async fn owner_database(&self) -> Result<Database, Failure> {
        connected(self.owner_options().await?.into()).await
    }

    /// Returns the server's application state: keys, passwords, mail.
    pub async fn app(&self) -> Result<(App, Config), Failure> {
        let config = Config::from_environment(&self.environment().await?)?;
        let app = App::new(&config, Deployment::Container { max_connections: 1 });
        Ok((app.map_err(|error| Failure::new(error.to_string()))?, config))
    }

    /// Returns the author that the audit trail records for changes.
    pub fn author(&self) -> Author {
        self.author.clone()
    }

    /// Prints a report, and returns how the command ends.
    pub fn show(&self, report: &impl Report) -> Result<Ending, Failure> {
        report.print(self.json)?;
        Ok(report.ending())
    }
}

fn options(url: &SecretString) -> Result<PgConnectOptions, Failure> {
    let options: PgConnectOptions = url.expose_secret().parse()?;
    Ok(options.application_name("augmed").disable_statement_logging())
}

async fn connected(address: Address) -> Result<Database, Failure> {
    let db = Database::new(address, Deployment::Container { max_connections: 2 });
    // boxed, because this large future would be part of every command's
    let connected = tokio::time::timeout(CONNECT_TIMEOUT, Box::pin(db.try_connection())).await;
    connected.map_err(|_| Failure::database_is_silent())??;
    Ok(db)
}

/// Begins a transaction, for a change and its entry in the audit trail.
pub async fn begin(db: &Database) -> Result<Transaction, Failure> {
    // boxed, because this large future would be part of every command's
    Ok(Box::pin(db.begin()).await?)
}
