//! Every command and the module that does it. A new one is a variant and an arm here, and a module beside this one.

use clap::Subcommand;

use crate::context::Context;
use crate::failure::Failure;
use crate::report::Ending;
use crate::{completions, migration};

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create and change the database schema, or take over a database of the old system.
    Migrate(migration::Arguments),
    /// Print a script with which a shell completes the arguments of this program.
    Completions(completions::Arguments),
}

/// Does it.
pub async fn run(command: Command, context: &Context) -> Result<Ending, Failure> {
    match command {
        Command::Migrate(arguments) => migration::run(arguments, context).await,
        Command::Completions(arguments) => completions::run(&arguments),
    }
}
