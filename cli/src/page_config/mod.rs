//! `augmed page-config`: manages which concepts a case shows, under which keys, in which order (`system_config['page_config']`).

mod check;
mod data;
mod finding;

use std::io::{self, Write};

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::value::RawValue;
use shared::audit::Action as Audited;
use shared::db::Database;
use sqlx::PgConnection;

use crate::context::{self, Context};
use crate::failure::Failure;
use crate::input::Input;
use crate::report::{Ending, Report};

pub use check::check;
pub use finding::Finding;

const AFTER_HELP: &str = "\
A page configuration is a JSON object of up to three sections, shown in its own order:

  {\"BACKGROUND\": {\"Family History\": [4167217], \"Social History\": {\"Smoke\": [4041306]}},
   \"PATIENT COMPLAINT\": {\"Chief Complaint\": [38000282]},
   \"PHYSICAL EXAMINATION\": {\"Vital Signs\": [4263222]}}

BACKGROUND contains concepts of observations and may be nested, PATIENT COMPLAINT types of observations, PHYSICAL EXAMINATION concepts of
measurements, of which the first is the title.

Examples:
  augmed page-config check page_config.json   check a file against the clinical data
  augmed page-config set page_config.json     check it and store it
  augmed page-config show > page_config.json  print the stored one";

/// Configure what a case shows.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Check a file and store it, unless something in it is wrong.
    Set {
        /// A JSON file, or - for standard input.
        file: Input,
    },
    /// Print the stored configuration unchanged.
    Show,
    /// Check a file, or the stored configuration, against the clinical data. Changes nothing.
    Check {
        /// A JSON file, or - for standard input. Default: the stored configuration.
        file: Option<Input>,
    },
}

pub async fn run(arguments: Arguments, context: &Context) -> Result<Ending, Failure> {
    let db = match arguments.action {
        // the service's role may not change it
        Action::Set { .. } => context.owner_database().await?,
        Action::Show | Action::Check { .. } => context.database().await?,
    };
    match arguments.action {
        Action::Set { file } => {
            let json = read(&file)?;
            let findings = check(json.get(), &db).await?;
            let is_stored = !findings.iter().any(Finding::is_wrong);
            if is_stored {
                let mut transaction = context::begin(&db).await?;
                store(&mut transaction, &json).await?;
                context.author().record(&mut transaction, Audited::SetPageConfig, &[], serde_json::json!({})).await?;
                transaction.commit().await?;
            }
            context.show(&Checked { is_stored: Some(is_stored), findings })
        }
        Action::Show => context.show(&Stored(stored(&db).await?)),
        Action::Check { file } => {
            let json = match file {
                Some(file) => read(&file)?,
                None => stored(&db).await?,
            };
            context.show(&Checked { is_stored: None, findings: check::check_with_values(json.get(), &db).await? })
        }
    }
}

fn read(file: &Input) -> Result<Box<RawValue>, Failure> {
    let text = file.read_text()?;
    serde_json::from_str(&text).map_err(|error| file.failure(format!("not JSON: {error}")))
}

async fn stored(db: &Database) -> Result<Box<RawValue>, Failure> {
    let json = sqlx::query_scalar!("SELECT json_config::text FROM system_config WHERE id = 'page_config'")
        .fetch_optional(db)
        .await?
        .flatten();
    let none = || Failure::new("there is no page configuration").with_remedy("augmed page-config set FILE");
    RawValue::from_string(json.ok_or_else(none)?).map_err(|error| Failure::new(format!("page_config: {error}")))
}

/// Stores the text unchanged, because key order is the order on the page.
async fn store(connection: &mut PgConnection, json: &RawValue) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO system_config (id, json_config) VALUES ('page_config', $1::text::json)
         ON CONFLICT (id) DO UPDATE SET json_config = excluded.json_config",
        json.get()
    )
    .execute(connection)
    .await?;
    Ok(())
}

#[derive(Serialize)]
#[serde(transparent)]
struct Stored(Box<RawValue>);

impl Report for Stored {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", self.0)
    }
}

#[derive(Serialize)]
struct Checked {
    #[serde(skip_serializing_if = "Option::is_none")]
    is_stored: Option<bool>,
    findings: Vec<Finding>,
}

impl Report for Checked {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        self.findings.iter().try_for_each(|finding| writeln!(out, "{finding}"))?;
        let [wrong, notes] = finding::counts(&self.findings);
        let found = format!("{wrong} errors, {notes} warnings");
        match self.is_stored {
            Some(true) => writeln!(out, "stored; {found}"),
            Some(false) => writeln!(out, "not stored; {found}"),
            None => writeln!(out, "{found}"),
        }
    }

    fn ending(&self) -> Ending {
        if self.findings.iter().any(Finding::is_wrong) { Ending::FoundWrong } else { Ending::Done }
    }
}
