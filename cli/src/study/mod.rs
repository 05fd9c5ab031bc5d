//! `augmed study`: evaluates and archives a study.

mod agreement;
mod codebook;
mod seal;
mod statistics;

use clap::{Args, Subcommand};

use crate::context::Context;
use crate::failure::Failure;
use crate::report::Ending;

const AFTER_HELP: &str = "\
Examples:
  augmed study agreement \"risk of colorectal cancer\" --truth truth.csv --positive-from Moderate
  augmed study codebook --output codebook.md
  augmed study seal sealed --key key.pem
  augmed study verify sealed --key public.pem";

/// Evaluate and archive a study.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// How much participants agree about a question, per arm; with --truth, how often they are right.
    Agreement(agreement::Arguments),
    /// Describe each column of each export, as Markdown, CSV or a REDCap data dictionary.
    Codebook(codebook::Arguments),
    /// Write the whole study, with a manifest of hashes and a signature.
    Seal(seal::Arguments),
    /// Check whether a sealed study was changed, extended or damaged. Needs no database.
    Verify(seal::VerifyArguments),
}

pub async fn run(arguments: Arguments, context: &Context) -> Result<Ending, Failure> {
    match arguments.action {
        Action::Agreement(arguments) => agreement::run(arguments, context).await,
        Action::Codebook(arguments) => codebook::run(arguments, context).await,
        Action::Seal(arguments) => seal::run(arguments, context).await,
        Action::Verify(arguments) => seal::verify(&arguments, context),
    }
}
