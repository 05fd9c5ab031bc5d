//! The command line of `cargo dev`.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// Runs the whole API on this machine: database, demo study, server.
///
/// Needs only a Rust toolchain: it uses an installed PostgreSQL or downloads one once. Data are kept in `.local/`, and the next start
/// continues with them. Ctrl-C stops everything.
#[derive(Debug, Parser)]
#[command(name = "cargo dev", bin_name = "cargo dev", after_long_help = AFTER_HELP)]
pub struct Arguments {
    /// Port on 127.0.0.1; 0 chooses any free port.
    #[arg(long, env = "PORT", default_value_t = 5000)]
    pub port: u16,

    /// What serves the requests.
    #[arg(long, value_enum, default_value_t = Via::Server)]
    pub via: Via,

    /// Leaves the database as it is: adds no demo study and no demo accounts.
    #[arg(long)]
    pub no_demo: bool,

    /// Serves a built frontend beside the API: files of this directory, and its index.html for unknown paths.
    #[arg(long, value_name = "DIR", value_parser = built_frontend)]
    pub frontend: Option<PathBuf>,

    /// Keeps database, secrets and mails here instead of in `.local`.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// What serves the requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Via {
    /// The container's server: all routes in one process.
    Server,
    /// The Lambda functions, behind a load balancer that executes the rules of template.yaml.
    Lambda,
}

const AFTER_HELP: &str = "\
Environment, all of it optional:
  DATABASE_URL     a PostgreSQL database to use instead of the local one; it is migrated (or adopted, if it is the old system's),
                   and gets the demo study only if it is empty
  JWT_SECRET_KEY, EXPORT_API_KEY, ADMIN_API_KEY
                   secrets; by default random ones, kept in .local/secrets.json, so that tokens survive a restart
  MAIL_TRANSPORT   ses, log or file:DIR; by default each mail is a file in .local/mail
  FRONTEND_URL     the base of links in mails; by default the address that is served
  SIGNUP           open: invited persons sign up with their address alone; by-mail: with the link in their invitation mail
  RUST_LOG         the level of the log on standard error: warn, info, debug
  and the other variables of the server: JWT_ACCESS_TOKEN_EXPIRES, JWT_REFRESH_TOKEN_EXPIRES, CORS_ORIGINS, MAIL_FROM, …

Examples:
  cargo dev                                     the demo study on http://127.0.0.1:5000
  cargo dev --via lambda --port 8080            the same through load balancer and functions
  cargo dev --frontend ../frontend/dist         with a frontend to click through
  DATABASE_URL=postgresql:///study cargo dev --no-demo
                                                an existing database, without demo accounts";

fn built_frontend(directory: &str) -> Result<PathBuf, String> {
    let directory = PathBuf::from(directory);
    let index = directory.join("index.html");
    if index.is_file() {
        Ok(directory)
    } else {
        Err(format!("{} is missing: build the frontend first", index.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serves_the_demo_on_port_5000_without_arguments() {
        let arguments = Arguments::try_parse_from(["cargo dev"]).unwrap();

        assert_eq!((arguments.port, arguments.via, arguments.no_demo), (5000, Via::Server, false));
    }

    #[test]
    fn the_refusal_of_an_unbuilt_frontend_names_the_missing_file() {
        let error = Arguments::try_parse_from(["cargo dev", "--frontend", "/nowhere"]).unwrap_err().to_string();

        assert!(error.contains("/nowhere/index.html is missing"), "{error}");
    }

    #[test]
    fn the_help_names_every_variable_that_changes_the_start() {
        let help = <Arguments as clap::CommandFactory>::command().render_long_help().to_string();

        for name in [
            "DATABASE_URL",
            "JWT_SECRET_KEY",
            "EXPORT_API_KEY",
            "MAIL_TRANSPORT",
            "FRONTEND_URL",
            "SIGNUP",
            "RUST_LOG",
            "--via",
        ] {
            assert!(help.contains(name), "{name} is missing");
        }
    }
}
