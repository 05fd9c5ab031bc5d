//! The timeouts of runs.

use std::time::Duration;

/// The timeouts of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// How long to wait for another run to end.
    pub other_run: Duration,
    /// For migrations in a transaction. Requests queue behind the locks that such a migration waits for or holds, and
    /// the frontend times out after five seconds.
    pub transaction: Limits,
    /// For `-- no-transaction` migrations, which block no requests. Below the 15 minutes of a function.
    pub concurrent: Limits,
}

/// PostgreSQL's `lock_timeout` and `statement_timeout`; zero means none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `lock_timeout`.
    pub lock: Duration,
    /// `statement_timeout`.
    pub statement: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            other_run: Duration::from_mins(5),
            transaction: Limits { lock: Duration::from_secs(3), statement: Duration::from_secs(30) },
            concurrent: Limits { lock: Duration::from_mins(1), statement: Duration::from_mins(13) },
        }
    }
}

impl Timeouts {
    pub(crate) fn for_migration(self, migration: &sqlx::migrate::Migration) -> Limits {
        if migration.no_tx { self.concurrent } else { self.transaction }
    }
}
