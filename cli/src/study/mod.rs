//! `augmed study`: what a study is evaluated with, and kept by.

mod agreement;
mod statistics;

use clap::{Args, Subcommand};

use crate::context::Context;
use crate::failure::Failure;
use crate::report::Ending;

const AFTER_HELP: &str = "\
Examples:
  augmed study agreement \"risk of colorectal cancer\" --truth truth.csv --positive-from Moderate";

/// Evaluate a study, and keep it.
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
}

pub async fn run(arguments: Arguments, context: &Context) -> Result<Ending, Failure> {
    match arguments.action {
        Action::Agreement(arguments) => agreement::run(arguments, context).await,
    }
}
