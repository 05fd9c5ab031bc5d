//! Every command and the module that does it. A new one is a variant and an arm here, and a module beside this one.

use clap::Subcommand;

use crate::context::Context;
use crate::failure::Failure;
use crate::report::Ending;
use crate::{
    assignments, case, compare, completions, demo_study, doctor, export, load, migration, page_config, progress,
    questionnaire, study, token, users,
};

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create and change the database schema, or take over a database of the old system.
    Migrate(migration::Arguments),
    /// Load vocabulary and clinical data: OMOP CDM 5.4 files.
    Load(load::Arguments),
    /// What a case shows: concepts under keys, in an order.
    PageConfig(page_config::Arguments),
    /// The questions of every case.
    Questionnaire(questionnaire::Arguments),
    /// Who takes part: invite, list, activate, deactivate, reset passwords.
    Users(users::Arguments),
    /// Who reads which case, and what they see of it.
    Assignments(assignments::Arguments),
    /// What a participant would see of a case.
    Case(case::Arguments),
    /// Who has done how much, how long it takes them, and who is stuck.
    Progress(progress::Arguments),
    /// What a study has gathered, as files: answers, times, participants, assignments, and one file for the analysis.
    Export(export::Arguments),
    /// Evaluate a study, and keep it.
    Study(study::Arguments),
    /// Fill a database that is migrated and empty with an invented study, to look around in.
    Demo(demo_study::Arguments),
    /// Ask the old system and the new one the same questions, and tell what differs.
    Compare(compare::Arguments),
    /// A token without a login, to try things with.
    Token(token::Arguments),
    /// Look at everything a study needs, and say what to do about what is missing.
    Doctor(doctor::Arguments),
    /// Print a script with which a shell completes the arguments of this program.
    Completions(completions::Arguments),
}

/// Does it.
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
        Command::Completions(arguments) => completions::run(&arguments),
    }
}
