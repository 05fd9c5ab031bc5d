//! Why a run did not do what was asked. No text here holds more of a connection than a database's own message does.

use std::time::Duration;

use sqlx::migrate::MigrateError;

use crate::adoption::{Difference, REVISION};

/// SQLSTATE of a lock that was not had within `lock_timeout`.
const LOCK_NOT_AVAILABLE: &str = "55P03";
/// SQLSTATE of a statement that ran into `statement_timeout`.
const QUERY_CANCELED: &str = "57014";

/// What stood in the way. Unless a variant says otherwise, nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request itself is wrong.
    #[error("request: {0}")]
    Request(String),
    /// No connection, or lost.
    #[error("database: {0}{explanation}", explanation = explained(.0))]
    Database(#[from] sqlx::Error),
    /// Locks and settings of a run belong to its session.
    #[error(
        "a pooler is before this database, and a migration needs a session: set DATABASE_DIRECT_URL to an address past the pooler"
    )]
    NoSession,
    /// The study is not where this program and the service look.
    #[error("alembic_version is in schema {}, and this program works in schema public alone: move the study's tables there (ALTER TABLE … SET SCHEMA public), then ALTER ROLE {role} RESET search_path", listed(.schemas))]
    OtherSchema {
        /// Who asks.
        role: String,
        /// Where the table is.
        schemas: Vec<String>,
    },
    /// The service would not find its tables.
    #[error(
        "role {0} does not look in schema public, where the tables are: ALTER ROLE {0} RESET search_path, and GRANT USAGE ON SCHEMA public TO {0}"
    )]
    PublicUnseen(String),
    /// What is pending would fail half way.
    #[error("role {role} may not do what is pending, nothing was changed:\n{}", bulleted(.missing))]
    Privileges {
        /// Who asks.
        role: String,
        /// What is missing, and the statement that gives it.
        missing: Vec<String>,
    },
    /// Somebody else is migrating and takes longer than we wait.
    #[error("another migration run is at work; gave up waiting for it after {}", seconds(*.0))]
    OtherRun(Duration),
    /// The old system's Alembic is somewhere else, nowhere, or in several places at once.
    #[error("alembic_version holds {}; only {REVISION} can be taken over", listed(.0))]
    Revision(Vec<String>),
    /// Neither empty, nor ours, nor the old system's.
    #[error("schema public is neither empty nor known: it has no migration history of either system, and holds {}", listed(.0))]
    Foreign(Vec<String>),
    /// A database of the old system that is not as the baseline says.
    #[error("the schema differs from that of revision {REVISION}, nothing was adopted:\n{}", bulleted(.0))]
    Differs(Vec<Difference>),
    /// There is nothing to adopt in an empty database.
    #[error("the database is empty: there is nothing to adopt, `up` creates the schema")]
    NothingToAdopt,
    /// The database was migrated by another program.
    #[error("the database has migrations that this program does not know: {}", listed(.0))]
    Unknown(Vec<i64>),
    /// The database was migrated by a newer release; everything that this program knows is applied.
    #[error("the database is newer than this program, by the migrations {}", listed(.0))]
    Newer(Vec<i64>),
    /// A file was edited after it was applied.
    #[error("these migrations were changed after they were applied: {}", listed(.0))]
    Changed(Vec<i64>),
    /// A migration is pending that should have come before one that is applied.
    #[error("{} would run after {latest}, which is applied already; give it a newer version", listed(.pending))]
    OutOfOrder {
        /// The versions that come too late.
        pending: Vec<i64>,
        /// The newest applied version.
        latest: i64,
    },
    /// A migration that sqlx has marked as failed.
    #[error("migration {0} is marked as failed in _sqlx_migrations")]
    Dirty(i64),
    /// `down` never guesses.
    #[error("down needs a target: the version that is to be the newest one afterwards, or 0 for none")]
    TargetMissing,
    /// No such migration.
    #[error("there is no migration {0}")]
    TargetUnknown(i64),
    /// Undoing a migration drops its tables.
    #[error("down to there would drop tables that hold rows: {}. An older release runs on this schema, so it needs no down; where these rows may go, keep a copy and empty the tables first (migrations/README.md)", listed(.0))]
    HoldsRows(Vec<String>),
    /// The old system still reads these tables.
    #[error("down to 0 would drop the tables of the old system, whose alembic_version is still here")]
    StillOldSystem,
    /// A session keeps a table that the migration needs. The migrations before this one stay applied.
    #[error("migration {version} ({description}) did not get its lock within {}: another session holds the table. Nothing of this migration was done; run again", seconds(*.waited))]
    TableLocked {
        /// The migration.
        version: i64,
        /// Its name.
        description: String,
        /// `lock_timeout`.
        waited: Duration,
    },
    /// The statement took too long. The migrations before this one stay applied.
    #[error("migration {version} ({description}) was stopped after {}: raise statement_timeout_seconds or split it, and run again", seconds(*.limit))]
    TooSlow {
        /// The migration.
        version: i64,
        /// Its name.
        description: String,
        /// `statement_timeout`.
        limit: Duration,
    },
    /// The role that functions and container connect as cannot be what it is to be. Migrations stay applied.
    #[error("application role: {0}")]
    Role(String),
    /// The migration is wrong. Those before this one stay applied.
    #[error("migration {version} ({description}) failed: {source}{explanation}", explanation = explained_failure(source))]
    Failed {
        /// The migration.
        version: i64,
        /// Its name.
        description: String,
        /// What the database said.
        source: MigrateError,
    },
}

impl From<MigrateError> for Error {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => Self::Database(error),
            other => Self::Database(sqlx::Error::Migrate(Box::new(other))),
        }
    }
}

impl Error {
    /// Tells a lock and a timeout from a migration that is wrong.
    pub(crate) fn of_migration(
        version: i64,
        description: &str,
        limits: crate::timeouts::Limits,
        source: MigrateError,
    ) -> Self {
        let description = description.to_owned();
        match sqlstate(&source).as_deref() {
            Some(LOCK_NOT_AVAILABLE) => Self::TableLocked { version, description, waited: limits.lock },
            Some(QUERY_CANCELED) => Self::TooSlow { version, description, limit: limits.statement },
            _ => Self::Failed { version, description, source },
        }
    }
}

fn sqlstate(error: &MigrateError) -> Option<String> {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            error.as_database_error()?.code().map(std::borrow::Cow::into_owned)
        }
        _ => None,
    }
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

fn listed<T: ToString>(items: &[T]) -> String {
    if items.is_empty() {
        return "nothing".to_owned();
    }
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn bulleted<T: ToString>(items: &[T]) -> String {
    items.iter().map(|item| format!("- {}", item.to_string())).collect::<Vec<_>>().join("\n")
}

fn explained(error: &sqlx::Error) -> String {
    shared::db::explanation(error).map(|text| format!(". {text}")).unwrap_or_default()
}

/// What PostgreSQL said while a migration ran.
fn explained_failure(error: &MigrateError) -> String {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => explained(error),
        _ => String::new(),
    }
}
