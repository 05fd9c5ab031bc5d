//! `augmed demo`: fills an empty database with the invented study, for trying out an installation.

use std::io::{self, Write};
use std::time::Duration;

use clap::Args;
use demo::{SeedError, Seeded};
use serde::Serialize;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::time::Instant;

use crate::context::Context;
use crate::failure::Failure;
use crate::report::{Ending, Report};

const AFTER_HELP: &str = "\
Its accounts have well-known passwords. A database that contains anything else is refused.

Examples:
  augmed migrate up && augmed demo";

/// Fill an empty, migrated database with an invented study.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// Seconds to wait for the database and its schema.
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    wait: u64,
}

/// Stores the study unless it is there. Creates no schema, so that nothing changes if the address is wrong.
pub async fn run(arguments: Arguments, context: &Context) -> Result<Ending, Failure> {
    let options = context.owner_options().await?;
    let deadline = Instant::now() + Duration::from_secs(arguments.wait);
    let seeded = loop {
        match Box::pin(seed(&options)).await {
            Err(SeedError::Database(_)) if Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            seeded => break seeded?,
        }
    };
    context.show(&Demo::new(seeded))
}

async fn seed(options: &PgConnectOptions) -> Result<Seeded, SeedError> {
    let mut connection = options.connect().await?;
    let seeded = demo::seed(&mut connection).await?;
    connection.close().await?;
    Ok(seeded)
}

impl From<SeedError> for Failure {
    fn from(error: SeedError) -> Self {
        match error {
            SeedError::Database(error) => error.into(),
            SeedError::AnotherStudy(_) => {
                Self::new(error.to_string()).with_remedy("the demo needs an empty database: use another one")
            }
            SeedError::Password(_) => Self::new(error.to_string()),
        }
    }
}

#[derive(Debug, Serialize)]
struct Demo {
    /// False if the study was already there, and was left unchanged.
    stored: bool,
    accounts: Vec<Login>,
}

#[derive(Debug, Serialize)]
struct Login {
    email: String,
    password: String,
}

impl Demo {
    fn new(seeded: Seeded) -> Self {
        let accounts = demo::accounts().into_iter();
        let accounts = accounts.filter_map(|account| Some(Login { password: account.password?, email: account.email }));
        Self { stored: seeded == Seeded::Stored, accounts: accounts.collect() }
    }
}

impl Report for Demo {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let stored = if self.stored { "The demo study is stored." } else { "The demo study already exists." };
        writeln!(out, "{stored} Accounts, with their passwords:")?;
        self.accounts.iter().try_for_each(|Login { email, password }| writeln!(out, "  {email}  {password}"))
    }
}
