//! The command line. Each command's own arguments are in its module.

use clap::Parser;

use crate::commands::Command;

const AFTER_HELP: &str = "\
The database is the server's: DATABASE_URL, or POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_HOST, POSTGRES_PORT and POSTGRES_DB.
Commands that need the tables' owner use DATABASE_OWNER_URL (migrate, load, demo, page-config set, study seal, doctor). If the service
itself connects as the owner, through a pooler, set DATABASE_DIRECT_URL to the address that bypasses the pooler. Secrets may be the names of
SSM parameters (JWT_SECRET_KEY_PARAMETER=/augmed/production/jwt-secret).

Exit codes: 0 done; 1 failed, or a check found something wrong; 2 the command line is wrong.

Examples:
  augmed migrate status
  augmed --json migrate plan
  augmed completions bash > /etc/bash_completion.d/augmed";

/// Run an `AugMed` study: schema, cases, participants, assignments, answers.
#[derive(Debug, Parser)]
#[command(name = "augmed", version = shared::version::text(), after_help = AFTER_HELP, arg_required_else_help = true, max_term_width = 120)]
pub struct Arguments {
    /// Print one JSON document instead of text; errors are JSON on standard error.
    #[arg(long, global = true)]
    pub json: bool,

    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Arguments;

    #[test]
    fn the_arguments_are_well_formed() {
        Arguments::command().debug_assert();
    }
}
