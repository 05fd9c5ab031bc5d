//! What PostgreSQL's errors mean to callers.

use std::error::Error as _;

use crate::db::explanation;

/// SQLSTATE classes whose errors a retry may resolve (PostgreSQL appendix A): connection, serialization and deadlock,
/// resources, object not in the required state (no connections accepted, a lock), operator intervention (shutdown,
/// timeout), system (disk); and 25P03, idle in a transaction for too long.
const TRANSIENT_CLASSES: [&str; 7] = ["08", "25P03", "40", "53", "55", "57", "58"];

/// Returns whether a retry may succeed: the database is unreachable, has no connection left, or aborted this
/// transaction in favour of another one.
pub(super) fn is_unavailable(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => {
            error.code().is_some_and(|code| TRANSIENT_CLASSES.iter().any(|class| code.starts_with(class)))
        }
        _ => false,
    }
}

/// Returns whether PostgreSQL refused a value that passed our checks: SQLSTATE class 22, "data exception" (appendix A).
pub(super) fn is_unstorable(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| code.starts_with("22"))
}

/// Describes `error` for the log. PostgreSQL's own messages can quote values (an answer, an address), so only names are
/// kept.
pub(super) fn describe(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(database) => {
            let postgres = database.try_downcast_ref::<sqlx::postgres::PgDatabaseError>();
            let table = postgres.and_then(sqlx::postgres::PgDatabaseError::table).unwrap_or("-");
            let explanation = explanation(error).map(|text| format!(": {text}")).unwrap_or_default();
            format!(
                "SQLSTATE {} table {table} constraint {}{explanation}",
                database.code().unwrap_or_default(),
                database.constraint().unwrap_or("-")
            )
        }
        sqlx::Error::ColumnDecode { index, .. } => format!("column {index} could not be decoded"),
        other => other.source().map_or_else(|| other.to_string(), |source| format!("{other}: {source}")),
    }
}
