//! Why a load stopped.

use sqlx::postgres::PgDatabaseError;

use super::file::TableFile;
use crate::failure::Failure;

/// SQLSTATE classes for refused rows (PostgreSQL appendix A): data exception, constraint violation, program limit.
const ROW_ERRORS: [&str; 3] = ["22", "23", "54"];

/// Why a load stopped.
#[derive(Debug)]
pub enum Stopped {
    /// A row is wrong. A second pass looks for it; if it finds none, this failure is reported.
    Row(Failure),
    /// Another failure, such as of the database or a disk.
    Failure(Failure),
}

impl Stopped {
    /// Classifies an error: PostgreSQL refused a row of `file`, or the connection failed. PostgreSQL's message may quote a value.
    pub fn of(error: sqlx::Error, file: &TableFile) -> Self {
        let database = error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
        let refusal = database.filter(|error| ROW_ERRORS.contains(&error.code().get(..2).unwrap_or_default()));
        let Some(refusal) = refusal else { return Self::Failure(error.into()) };
        let constraint = refusal.constraint().map(|name| format!(", constraint {name}")).unwrap_or_default();
        Self::Row(file.failure(format!("PostgreSQL refuses a row (SQLSTATE {}{constraint})", refusal.code())))
    }

    /// Reports a row of `file` that was not sent.
    pub fn at_row_of(file: &TableFile) -> Self {
        Self::Row(file.failure("a row is wrong"))
    }
}

impl From<Failure> for Stopped {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl From<sqlx::Error> for Stopped {
    fn from(error: sqlx::Error) -> Self {
        Self::Failure(error.into())
    }
}
