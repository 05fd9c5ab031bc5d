//! Replays the recorded contract against a server at an address, and reports differences.
//!
//! The given database must be the server's own; its contents are replaced before every scenario.

use std::process::ExitCode;

use clap::Parser;
use sqlx::{Connection as _, PgConnection};
use tests::contract::area::{self, Area, FixtureError};
use tests::contract::login::Logins;
use tests::contract::report;
use tests::contract::run::{self, Client, RunError};
use tests::contract::sql;
use tests::contract::transport::{BaseUrlError, Transport};

/// Replays the recorded contract against a server and reports differences.
#[derive(Parser)]
struct Options {
    /// Address of the server: http://HOST:PORT
    #[arg(long)]
    base: String,
    /// Database of the server; its contents are REPLACED
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database: String,
    /// Runs only this area or scenario; may be repeated
    #[arg(long, value_name = "AREA[/SCENARIO]")]
    only: Vec<String>,
    /// The server's `EXPORT_API_KEY` and `ADMIN_API_KEY`
    #[arg(long, env = "EXPORT_API_KEY", hide_env_values = true, default_value = "contract-export-key")]
    api_key: String,
    /// The server's `JWT_SECRET_KEY`
    #[arg(
        long,
        env = "JWT_SECRET_KEY",
        hide_env_values = true,
        default_value = "contract-test-secret-key-0123456789abcdef"
    )]
    jwt_secret: String,
}

#[derive(Debug, thiserror::Error)]
enum ReplayError {
    #[error(transparent)]
    Base(#[from] BaseUrlError),
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Fixture(#[from] FixtureError),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error("no scenario is called {0:?}")]
    NothingToDo(Vec<String>),
}

#[tokio::main]
async fn main() -> ExitCode {
    match replay(&Options::parse()).await {
        Ok(Tally { passed, failed }) => {
            println!("{passed} passed, {failed} failed");
            if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
}

async fn replay(options: &Options) -> Result<Tally, ReplayError> {
    let transport = Transport::http(&options.base)?;
    let logins = Logins::new()?;
    let client =
        Client { transport: &transport, logins: &logins, api_key: &options.api_key, jwt_secret: &options.jwt_secret };
    let mut database = PgConnection::connect(&options.database).await?;
    let fixture = area::fixture_sql()?;

    let mut tally = Tally::default();
    for area in area::ALL {
        let area = Area::load(area)?;
        for scenario in area.scenarios.iter().filter(|scenario| options.asks_for(&area.name, &scenario.name)) {
            sql::execute(&mut database, &fixture).await?;
            let outcomes = run::scenario(scenario, &client, &mut database).await?;
            let failures = report::failures(&area, scenario, &outcomes);
            failures.iter().for_each(|failure| print!("{failure}"));
            tally.failed += failures.len();
            tally.passed += outcomes.len() - failures.len();
        }
    }
    if tally.passed + tally.failed == 0 {
        return Err(ReplayError::NothingToDo(options.only.clone()));
    }
    Ok(tally)
}

impl Options {
    fn asks_for(&self, area: &str, scenario: &str) -> bool {
        let is_named = |only: &String| *only == area || *only == format!("{area}/{scenario}");
        self.only.is_empty() || self.only.iter().any(is_named)
    }
}
