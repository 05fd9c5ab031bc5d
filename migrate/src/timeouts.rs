//! How long a run waits and works.

use std::time::Duration;

/// Limits of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// How long to wait for another run to end.
    pub other_run: Duration,
    /// For migrations in a transaction. Requests queue up behind the lock they wait for, and behind the one they have:
    /// the frontend gives up after five seconds.
    pub transaction: Limits,
    /// For `-- no-transaction` migrations, behind which nobody queues. Below the 15 minutes a function may take.
    pub concurrent: Limits,
}

/// PostgreSQL's `lock_timeout` and `statement_timeout`; zero is no limit.
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
