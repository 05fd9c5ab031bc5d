//! `augmed export`: writes the study's data to files.

mod analysis;
mod encoder;
mod since;
mod source;
mod write;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use export::{Analytics, AnswersWithAssignment, DisplayConfigs, Participants, Table};

use crate::context::Context;
use crate::exposures::Exposures;
use crate::failure::Failure;
use crate::report::Ending;
use since::Since;

pub use analysis::{
    Asked, Described, add_new, answer_text, asked, columns as analysis_columns, feature_of, has_address, is_address,
    option_number, participant_id, question_column, questionnaires,
};
pub use encoder::{Encoder, Format, Lines};
pub use source::{Opened, Source, Whole};
pub use write::{Destination, record, write};

const AFTER_HELP: &str = "\
The file's name selects the format: .csv, .json or .parquet, .csv.gz or .json.gz. The file appears when it is complete. docs/export.md describes
columns and units; each export leaves an entry in the audit trail.

Spreadsheets treat text that begins with = + - @ as a formula, and round long numbers (user_id): import CSV as text.

Examples:
  augmed export analysis --output study.csv --survey recruitment.csv
  augmed export answers --output answers.parquet
  augmed export answers --since 2026-03-01 --output march.csv.gz
  augmed export participants --format json | jq '.data | length'";

/// Export the study's data as files.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// One row per answer, ready for statistics: what was shown, what is recorded, what was answered. No addresses.
    Analysis(analysis::Arguments),
    /// The stored answers with their cases and times, as returned by GET /api/v1/export/answers?include=assignment.
    Answers(Dated),
    /// The time that each case took, as returned by GET /api/v1/export/analytics.
    Analytics(Dated),
    /// Participants without name and address, as returned by GET /api/v1/export/participants.
    Participants(Undated),
    /// The pages that were shown: to whom, when, with which features and AI score.
    Exposures(Undated),
    /// The assignments, as returned by GET /api/v1/export/display-configs; `assignments export` writes a file for an upload.
    Assignments(Undated),
}

#[derive(Debug, Args)]
struct Dated {
    #[command(flatten)]
    since: Since,
    #[command(flatten)]
    destination: Destination,
}

#[derive(Debug, Args)]
struct Undated {
    #[command(flatten)]
    destination: Destination,
}

pub async fn run(arguments: Arguments, context: &Context) -> Result<Ending, Failure> {
    match arguments.action {
        Action::Analysis(arguments) => analysis::run(arguments, context).await,
        Action::Answers(Dated { since, destination }) => {
            whole(AnswersWithAssignment, since.since, &destination, context).await
        }
        Action::Analytics(Dated { since, destination }) => whole(Analytics, since.since, &destination, context).await,
        Action::Participants(Undated { destination }) => whole(Participants, None, &destination, context).await,
        Action::Exposures(Undated { destination }) => {
            let written = write(&mut Exposures, &destination, context).await?;
            destination.report(&written, context)
        }
        Action::Assignments(Undated { destination }) => whole(DisplayConfigs, None, &destination, context).await,
    }
}

async fn whole(
    table: impl Table,
    since: Option<DateTime<Utc>>,
    destination: &Destination,
    context: &Context,
) -> Result<Ending, Failure> {
    let written = write(&mut Whole { table, since }, destination, context).await?;
    destination.report(&written, context)
}
