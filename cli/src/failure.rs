//! The failure of a command: one line for the problem, and one for its remedy.

use std::fmt;
use std::io;
use std::process::ExitCode;

use serde_json::{Value, json};
use shared::ApiError;
use shared::config::ConfigError;

/// A reported failure.
#[derive(Debug)]
pub struct Failure {
    message: String,
    remedy: Option<String>,
    is_usage: bool,
    /// Boxed, because every result in the command line has room for a failure.
    details: Option<Box<Value>>,
    /// Whether standard output was closed by its reader; then the failure is not printed. Commands that change something must not write to
    /// standard output before they are done, because they would stop here as if they had succeeded.
    pub is_unread: bool,
}

/// SQLSTATE of a missing table (PostgreSQL appendix A).
const UNDEFINED_TABLE: &str = "42P01";
/// SQLSTATE of a missing column.
const UNDEFINED_COLUMN: &str = "42703";
/// SQLSTATEs of a refused login.
const INVALID_AUTHORIZATION: [&str; 2] = ["28000", "28P01"];
/// SQLSTATE of a missing database.
const INVALID_CATALOG_NAME: &str = "3D000";

impl Failure {
    /// Creates a failure with exit code 1.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), remedy: None, is_usage: false, details: None, is_unread: false }
    }

    /// Creates a failure with exit code 2: the command line's arguments are inconsistent.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { is_usage: true, ..Self::new(message) }
    }

    /// Adds the remedy.
    #[must_use]
    pub fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// Adds details for programs, in the JSON document.
    #[must_use]
    pub fn with_details(mut self, details: Value) -> Self {
        self.details = Some(Box::new(details));
        self
    }

    /// Creates a failure for a server that accepts the connection but does not respond.
    pub fn database_is_silent() -> Self {
        Self::new("the database does not answer").with_remedy(LOOK_AT_THE_ADDRESS)
    }
}

const LOOK_AT_THE_ADDRESS: &str =
    "does DATABASE_URL (or POSTGRES_*) name a running server that accepts the login? `augmed doctor` checks more";

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// Prints a failure on standard error, and returns the exit code.
pub fn print(failure: &Failure, json: bool) -> ExitCode {
    let Failure { message, remedy, is_usage, details, .. } = failure;
    if json {
        let mut error = json!({ "message": message, "remedy": remedy });
        if let Some(details) = details {
            error["details"] = Value::clone(details);
        }
        anstream::eprintln!("{}", json!({ "error": error }));
    } else {
        let red = anstyle::AnsiColor::Red.on_default().bold();
        anstream::eprintln!("{red}error:{red:#} {message}");
        if let Some(remedy) = remedy {
            anstream::eprintln!("{remedy}");
        }
    }
    ExitCode::from(if *is_usage { 2 } else { 1 })
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self { is_unread: error.kind() == io::ErrorKind::BrokenPipe, ..Self::new(error.to_string()) }
    }
}

impl From<csv::Error> for Failure {
    fn from(error: csv::Error) -> Self {
        let message = error.to_string();
        match error.into_kind() {
            csv::ErrorKind::Io(error) => error.into(),
            _ => Self::new(message),
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::new(error.to_string())
            .with_remedy("set these variables to the server's values; `augmed doctor` checks them all")
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Database(error) => error.into(),
            ApiError::Business(error, detail) => Self::new(join(error.message(), detail.as_deref())),
            ApiError::BusinessAt { error, detail, place } => {
                Self::new(format!("{} ({place})", join(error.message(), detail)))
            }
            ApiError::Request(_, message) => Self::new(message),
            other => Self::new(other.to_string()),
        }
    }
}

fn join(message: &str, detail: Option<&str>) -> String {
    detail.map_or_else(|| message.to_owned(), |detail| format!("{message} {detail}"))
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        let code =
            error.as_database_error().and_then(sqlx::error::DatabaseError::code).unwrap_or_default().into_owned();
        let remedy = match (&error, code.as_str()) {
            (_, UNDEFINED_TABLE | UNDEFINED_COLUMN) => {
                Some("the schema is not up to date: `augmed migrate status`, then `augmed migrate up`")
            }
            (_, INVALID_CATALOG_NAME) => Some("create the database first: createdb NAME"),
            (sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut, _) => Some(LOOK_AT_THE_ADDRESS),
            (_, code) if INVALID_AUTHORIZATION.contains(&code) => Some(LOOK_AT_THE_ADDRESS),
            _ => shared::db::explanation(&error),
        };
        // PostgreSQL's own message may quote a value; in these cases it quotes only a name
        let message = match error.as_database_error() {
            Some(database) if remedy.is_some() => format!("database: {}", database.message()),
            _ => ApiError::Database(error).to_string(),
        };
        Self { remedy: remedy.map(str::to_owned), ..Self::new(message) }
    }
}
