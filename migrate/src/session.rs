//! The connection of a run and its timeouts. A run that changes something holds the run lock.

use std::time::Duration;

use sqlx::migrate::{AppliedMigration, Migrate, Migration};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};

use crate::timeouts::Limits;
use crate::{Error, State, Step, Timeouts, leftovers, run_lock, search_path, withdrawn};

pub struct Session {
    pub connection: PgConnection,
    timeouts: Timeouts,
}

impl Session {
    /// Opens a read-only session; other runs may be in progress.
    pub async fn open(options: &PgConnectOptions, timeouts: Timeouts) -> Result<Self, Error> {
        let connection = shared::db::open_session(options).await?.ok_or(Error::NoSession)?;
        let mut session = Self { connection, timeouts };
        search_path::refuse_other_schemas(&mut session.connection).await?;
        // a run that disappears, such as a function at its timeout, must not hold locks for long
        sqlx::query!(
            "SELECT set_config('search_path', 'public', false) AS search_path,
                    set_config('idle_in_transaction_session_timeout', '1min', false) AS idle,
                    set_config('tcp_keepalives_idle', '10', false) AS keepalives_idle,
                    set_config('tcp_keepalives_interval', '5', false) AS keepalives_interval,
                    set_config('tcp_keepalives_count', '3', false) AS keepalives_count"
        )
        .fetch_one(&mut session.connection)
        .await?;
        session.limit(timeouts.transaction).await?;
        Ok(session)
    }

    /// Opens a session for changes: waits until no other run is in progress.
    pub async fn open_exclusive(options: &PgConnectOptions, timeouts: Timeouts) -> Result<Self, Error> {
        let mut session = Self::open(options, timeouts).await?;
        run_lock::acquire(&mut session.connection, timeouts.other_run).await?;
        Ok(session)
    }

    /// Returns the history in `_sqlx_migrations` without withdrawn migrations.
    pub async fn applied(&mut self, state: State) -> Result<Vec<AppliedMigration>, Error> {
        if state != State::Migrated {
            return Ok(Vec::new());
        }
        if let Some(version) = self.connection.dirty_version().await? {
            return Err(Error::Dirty(version));
        }
        Ok(withdrawn::forget(self.connection.list_applied_migrations().await?))
    }

    /// Applies an up migration. Also returns the indexes of an earlier attempt that it rebuilds.
    pub async fn apply(&mut self, migration: &Migration) -> Result<(Step, Vec<String>), Error> {
        let limits = self.timeouts.for_migration(migration);
        let failed = |error| Error::of_migration(migration.version, &migration.description, limits, error);
        self.limit(limits).await?;
        let rebuilt = leftovers::remove(&mut self.connection, migration).await.map_err(|error| failed(error.into()))?;
        let took = self.connection.apply(migration).await.map_err(failed)?;
        tracing::info!(version = migration.version, milliseconds = took.as_millis(), "applied");
        Ok((step(migration, took), rebuilt))
    }

    /// Runs a down migration.
    pub async fn revert(&mut self, migration: &Migration) -> Result<Step, Error> {
        let limits = self.timeouts.for_migration(migration);
        let failed = |error| Error::of_migration(migration.version, &migration.description, limits, error);
        self.limit(limits).await?;
        let took = self.connection.revert(migration).await.map_err(failed)?;
        tracing::info!(version = migration.version, milliseconds = took.as_millis(), "undone");
        Ok(step(migration, took))
    }

    /// Closes the connection, which releases the lock.
    pub async fn close(self) -> Result<(), Error> {
        Ok(self.connection.close().await?)
    }

    async fn limit(&mut self, limits: Limits) -> Result<(), sqlx::Error> {
        let [lock, statement] = [limits.lock, limits.statement].map(|limit| format!("{}ms", limit.as_millis()));
        sqlx::query!(
            "SELECT set_config('lock_timeout', $1, false) AS lock, set_config('statement_timeout', $2, false) AS statement",
            lock,
            statement
        )
        .fetch_one(&mut self.connection)
        .await?;
        Ok(())
    }
}

fn step(migration: &Migration, took: Duration) -> Step {
    Step { version: migration.version, description: migration.description.to_string(), milliseconds: took.as_millis() }
}
