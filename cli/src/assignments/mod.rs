//! `augmed assignments`: manages who reads which case, and what they see of it.

mod arm_rows;
mod arms;
mod clear;
mod design;
mod design_file;
mod export;
mod file_rows;
mod generate;
mod list;
mod read_back;
mod upload;
mod upload_file;

pub use export::columns as exported_columns;

use clap::{Args, Subcommand};

use crate::context::Context;
use crate::failure::Failure;
use crate::report::Ending;

const AFTER_HELP: &str = "\
A file of assignments is CSV with the columns User, Case No., Path, Collapse, Highlight, Top and optionally Experiment, Arm, Policy, Probability.
Rows of one user and case make one assignment. Cases come in the order of the file. An export also has Run and Assignment, the assignment's id:
rows of one id make one assignment, and keep it. Case and blanks of the columns' names do not matter; other columns are ignored with a warning.

Examples:
  augmed assignments generate --arms arms.csv --cases 101,102,103 --seed pilot --out assignments.csv
  augmed assignments generate --design-file study.toml --out assignments.csv
  augmed assignments preview assignments.csv      what it would store, and possible mistakes
  augmed assignments upload assignments.csv       add and update; others are kept
  augmed assignments upload second.csv --second-reading     cases that participants read again
  augmed assignments export --out backup.csv      the stored assignments, as a file for an upload";

/// Who reads which case, and what they see of it.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Add and update the assignments of a file of any size; with --replace, replace all others.
    Upload(upload::Upload),
    /// Show what an upload would store, and possible mistakes in it. Changes nothing.
    Preview(upload::Preview),
    /// Write the stored assignments as a file that can be uploaded again.
    Export(export::Arguments),
    /// List the stored assignments: id, participant, case, arm.
    List(list::Arguments),
    /// Remove assignments. Answers are kept.
    Clear(clear::Arguments),
    /// Generate a file of assignments: participants × cases × arms, balanced and randomised from a seed.
    Generate(Box<generate::Arguments>),
}

pub async fn run(arguments: Arguments, context: &Context) -> Result<Ending, Failure> {
    match arguments.action {
        Action::Upload(arguments) => upload::upload(arguments, context).await,
        Action::Preview(arguments) => upload::preview(arguments, context).await,
        Action::Export(arguments) => export::run(arguments, context).await,
        Action::List(arguments) => list::run(arguments, context).await,
        Action::Clear(arguments) => clear::run(arguments, context).await,
        Action::Generate(arguments) => generate::run(*arguments, context).await,
    }
}
