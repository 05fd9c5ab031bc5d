//! Runs the module of a command.

use clap::CommandFactory as _;

use crate::arguments::Arguments;
use crate::commands::Command;
use crate::context::Context;
use crate::failure::Failure;
use crate::report::Ending;
use crate::{
    assignments, case, compare, completions, demo_study, doctor, export, load, migration, page_config, progress,
    questionnaire, study, token, users,
};

/// Runs the command.
pub async fn run(command: Command, context: &Context) -> Result<Ending, Failure> {
    match command {
        Command::Migrate(arguments) => migration::run(arguments, context).await,
        Command::Load(arguments) => load::run(arguments, context).await,
        Command::PageConfig(arguments) => page_config::run(arguments, context).await,
        Command::Questionnaire(arguments) => questionnaire::run(arguments, context).await,
        Command::Users(arguments) => users::run(arguments, context).await,
        Command::Assignments(arguments) => assignments::run(arguments, context).await,
        Command::Case(arguments) => case::run(arguments, context).await,
        Command::Progress(arguments) => progress::run(arguments, context).await,
        Command::Export(arguments) => export::run(arguments, context).await,
        Command::Study(arguments) => study::run(arguments, context).await,
        Command::Demo(arguments) => demo_study::run(arguments, context).await,
        Command::Compare(arguments) => Box::pin(compare::run(arguments, context)).await,
        Command::Token(arguments) => token::run(arguments, context).await,
        Command::Doctor(arguments) => doctor::run(arguments, context).await,
        Command::Completions(arguments) => completions::run(&arguments, Arguments::command()),
    }
}
