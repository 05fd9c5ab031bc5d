//! `augmed doctor`: checks everything a study needs, and says how to fix what is missing.

mod configuration;
mod database;
mod diagnosis;
mod mail;
mod study;

use std::io::{self, Write};

use clap::Args;
use serde::Serialize;
use shared::config::process_environment;

use crate::context::Context;
use crate::failure::Failure;
use crate::report::{Ending, Report};
use crate::waiting;

use diagnosis::{Diagnosis, Health};

const AFTER_HELP: &str = "\
Run it where the server runs, with the server's environment. Nothing is changed and no mail is sent.

Examples:
  augmed doctor
  augmed --json doctor | jq '.[] | select(.health == \"failed\")'";

/// Check everything a study needs, and say how to fix what is missing.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {}

pub async fn run(_: Arguments, context: &Context) -> Result<Ending, Failure> {
    context.show(&Examined(waiting::spin("looking", examine(context)).await))
}

/// Runs the checks, as far as the previous results allow.
async fn examine(context: &Context) -> Vec<Diagnosis> {
    let environment = process_environment();
    let (mut found, environment) = configuration::secrets(environment).await;
    let Some(environment) = environment else { return found };
    found.extend(configuration::variables(&environment));
    found.push(mail::check(&environment).await);
    let options = match context.owner_options().await {
        Ok(options) => options,
        Err(failure) => {
            found.push(Diagnosis::failed("database", failure.to_string(), "set DATABASE_URL, or POSTGRES_*"));
            return found;
        }
    };
    let (connection, is_there) = database::connection(context).await;
    found.push(connection);
    found.extend(database::replica(context).await);
    if is_there {
        let (schema, is_current) = database::schema(&options).await;
        found.push(schema);
        if is_current {
            found.extend(study::check(context).await);
        }
    }
    found
}

#[derive(Serialize)]
#[serde(transparent)]
struct Examined(Vec<Diagnosis>);

impl Report for Examined {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        self.0.iter().try_for_each(|diagnosis| writeln!(out, "{diagnosis}"))?;
        let count = |health: Health| self.0.iter().filter(|diagnosis| diagnosis.health == health).count();
        writeln!(
            out,
            "{} good, {} warnings, {} failed",
            count(Health::Good),
            count(Health::Warning),
            count(Health::Failed)
        )
    }

    fn ending(&self) -> Ending {
        if self.0.iter().any(|diagnosis| diagnosis.health == Health::Failed) {
            Ending::FoundWrong
        } else {
            Ending::Done
        }
    }
}
