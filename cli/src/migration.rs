//! `augmed migrate`: does the same as the migration function.

use std::io::{self, Write};
use std::time::Duration;

use clap::{Args, Subcommand};
use migrate::{Report as Run, Request, Runner};
use serde::Serialize;
use shared::config;

use crate::confirmation::Confirmation;
use crate::context::Context;
use crate::failure::Failure;
use crate::report::{Ending, Report};
use crate::{table, waiting};

const AFTER_HELP: &str = "\
Examples:
  augmed migrate status                       applied and pending migrations
  augmed migrate plan                         what `up` would do, and whether it is safe while people work
  augmed migrate up                           apply pending migrations; an old system's database is adopted first
  augmed migrate down --to 20260104000000     revert the migrations after this version";

/// Manage the database schema.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
    /// Seconds to wait for a table in use.
    #[arg(long, global = true, value_name = "SECONDS")]
    lock_timeout: Option<u64>,
    /// Maximum seconds for a statement.
    #[arg(long, global = true, value_name = "SECONDS")]
    statement_timeout: Option<u64>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show the state of the schema. Changes nothing.
    Status,
    /// Show what `up` would do, and whether it is safe while people work. Changes nothing.
    Plan,
    /// Apply pending migrations. An empty database gets the schema, a database of the old system is adopted.
    Up {
        /// The last version to apply.
        #[arg(long, value_name = "VERSION")]
        to: Option<i64>,
    },
    /// Revert the migrations after a version, newest first.
    Down {
        /// The version that will be the newest one; 0 reverts everything. Refused if rows would be lost.
        #[arg(long, value_name = "VERSION")]
        to: i64,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Adopt a database of the old system, without applying migrations.
    Adopt,
}

pub async fn run(arguments: Arguments, context: &Context) -> Result<Ending, Failure> {
    let (action, target) = match arguments.action {
        Action::Status => (migrate::Action::Status, None),
        Action::Plan => (migrate::Action::Plan, None),
        Action::Up { to } => (migrate::Action::Up, to),
        Action::Down { to, confirmation } => {
            confirmation.ask(&format!("undo every migration after {to}, with what is stored in their columns"))?;
            (migrate::Action::Down, Some(to))
        }
        Action::Adopt => (migrate::Action::Adopt, None),
    };
    let request = Request {
        action,
        target,
        lock_timeout_seconds: arguments.lock_timeout,
        statement_timeout_seconds: arguments.statement_timeout,
    };
    let runner = Runner::of_urls(&config::migration_urls(&context.environment().await?)?)?;
    let run = waiting::spin("migrating", runner.run(&request)).await?;
    context.show(&Shown(run))
}

impl From<migrate::Error> for Failure {
    fn from(error: migrate::Error) -> Self {
        match error {
            migrate::Error::Database(error) => error.into(),
            error => Self::new(error.to_string()),
        }
    }
}

#[derive(Serialize)]
#[serde(transparent)]
struct Shown(Run);

impl Report for Shown {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let Run { applied_now, reverted_now, pending, rebuilt_indexes, application_role, message, .. } = &self.0;
        for (steps, done) in [(applied_now, "applied"), (reverted_now, "undone")] {
            let rows = steps.iter().map(|step| {
                let took = Duration::from_millis(u64::try_from(step.milliseconds).unwrap_or(u64::MAX));
                [step.version.to_string(), step.description.clone(), format!("{took:?}")]
            });
            if !steps.is_empty() {
                writeln!(out, "{}", table::of(["version", done, "took"], rows))?;
            }
        }
        for index in rebuilt_indexes {
            writeln!(out, "index {index} was left incomplete by an interrupted run, and was rebuilt")?;
        }
        if !pending.is_empty() {
            let rows = pending.iter().map(|one| {
                let findings: Vec<String> = one.findings.iter().map(|finding| finding.message.clone()).collect();
                [one.version.to_string(), one.description.clone(), findings.join("\n")]
            });
            writeln!(out, "{}", table::of(["version", "pending", "what may hurt"], rows))?;
        }
        if let Some(role) = application_role {
            writeln!(out, "{role}")?;
        }
        writeln!(out, "{message}")
    }
}
