//! Why a run failed. The texts reveal no more about a connection than the database's own messages do.

use std::time::Duration;

use sqlx::migrate::MigrateError;

use crate::difference::{Difference, REVISION};

/// SQLSTATE of a lock that was not acquired within `lock_timeout`.
const LOCK_NOT_AVAILABLE: &str = "55P03";
/// SQLSTATE of a statement that exceeded `statement_timeout`.
const QUERY_CANCELED: &str = "57014";

/// Why a run failed. Unless a variant says otherwise, nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request is invalid.
    #[error("request: {0}")]
    Request(String),
    /// The connection failed or was lost.
    #[error("database: {0}{explanation}", explanation = explained(.0))]
    Database(#[from] sqlx::Error),
    /// The run needs a session: its locks and settings belong to one.
    #[error(
        "this address leads to a pooler, but migrations need a session: set DATABASE_DIRECT_URL to an address that bypasses the pooler"
    )]
    NoSession,
    /// The study's tables are not in the schema that this program and the service use.
    #[error("alembic_version is in schema {}, but this program uses only schema public: move the study's tables there (ALTER TABLE … SET SCHEMA public), then ALTER ROLE {role} RESET search_path", listed(.schemas))]
    OtherSchema {
        /// The role.
        role: String,
        /// The schemas with such a table.
        schemas: Vec<String>,
    },
    /// The role's search path does not contain the tables.
    #[error(
        "the search path of role {0} lacks schema public, where the tables are: ALTER ROLE {0} RESET search_path, and GRANT USAGE ON SCHEMA public TO {0}"
    )]
    PublicNotInSearchPath(String),
    /// The role lacks privileges for pending migrations, which would fail partway.
    #[error("role {role} lacks privileges for the pending migrations; nothing was changed:\n{}", bulleted(.missing))]
    Privileges {
        /// The role.
        role: String,
        /// Missing privileges, each with the statement that grants it.
        missing: Vec<String>,
    },
    /// Another run holds the lock for longer than we wait.
    #[error("another migration run is in progress; gave up waiting after {}", seconds(*.0))]
    OtherRun(Duration),
    /// The revision of the old system's Alembic is unsupported, missing or ambiguous.
    #[error("alembic_version holds {}; only {REVISION} can be adopted", listed(.0))]
    Revision(Vec<String>),
    /// The schema is neither empty, nor ours, nor the old system's.
    #[error("schema public is neither empty nor known: it has no migration history of either system, and contains {}", listed(.0))]
    Foreign(Vec<String>),
    /// The old system's schema differs from the baseline.
    #[error("the schema differs from that of revision {REVISION}; nothing was adopted:\n{}", bulleted(.0))]
    Differs(Vec<Difference>),
    /// There is nothing to adopt in an empty database.
    #[error("the database is empty: there is nothing to adopt; `up` creates the schema")]
    NothingToAdopt,
    /// The database was migrated by another program.
    #[error("the database has migrations that this program does not know: {}", listed(.0))]
    Unknown(Vec<i64>),
    /// The database was migrated by a newer release; all migrations of this program are applied.
    #[error("the database is newer than this program: it also has the migrations {}", listed(.0))]
    Newer(Vec<i64>),
    /// A migration was edited after it was applied.
    #[error("these migrations were changed after they were applied: {}", listed(.0))]
    Changed(Vec<i64>),
    /// A pending migration is older than an applied one.
    #[error("{} would run after {latest}, which is already applied; give it a newer version", listed(.pending))]
    OutOfOrder {
        /// The pending versions that are too old.
        pending: Vec<i64>,
        /// The newest applied version.
        latest: i64,
    },
    /// A migration that sqlx has marked as failed.
    #[error("migration {0} is marked as failed in _sqlx_migrations")]
    Dirty(i64),
    /// `down` requires a target.
    #[error("down needs a target: the newest version to keep, or 0 for none")]
    TargetMissing,
    /// The target is not a migration.
    #[error("there is no migration {0}")]
    TargetUnknown(i64),
    /// Undoing these migrations would drop tables with rows.
    #[error("down to this version would drop tables with rows: {}. Older releases run on this schema, so a rollback of code needs no `down`. To delete the rows anyway, back them up and empty the tables first (migrations/README.md)", listed(.0))]
    HoldsRows(Vec<String>),
    /// The old system still reads these tables.
    #[error("down to 0 would drop the tables of the old system, whose alembic_version is still here")]
    StillOldSystem,
    /// Another session locks a table that the migration needs. Earlier migrations stay applied.
    #[error("migration {version} ({description}) did not get its lock within {}: another session holds the table. This migration was rolled back; run again", seconds(*.waited))]
    TableLocked {
        /// The migration's version.
        version: i64,
        /// The migration's description.
        description: String,
        /// `lock_timeout`.
        waited: Duration,
    },
    /// A statement exceeded its time limit. Earlier migrations stay applied.
    #[error("migration {version} ({description}) was stopped after {}: raise statement_timeout_seconds or split it, and run again", seconds(*.limit))]
    TooSlow {
        /// The migration's version.
        version: i64,
        /// The migration's description.
        description: String,
        /// `statement_timeout`.
        limit: Duration,
    },
    /// The application role cannot be created or repaired. Migrations stay applied.
    #[error("application role: {0}")]
    Role(String),
    /// The migration failed. Earlier migrations stay applied.
    #[error("migration {version} ({description}) failed: {source}{explanation}", explanation = explained_failure(source))]
    Failed {
        /// The migration's version.
        version: i64,
        /// The migration's description.
        description: String,
        /// The database's error.
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
    /// Returns the error of a failed migration; distinguishes locks and timeouts from other failures.
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

/// Explains PostgreSQL's error during a migration.
fn explained_failure(error: &MigrateError) -> String {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => explained(error),
        _ => String::new(),
    }
}
