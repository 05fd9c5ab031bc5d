//! A transaction on a connection of its own.

use std::ops::{Deref, DerefMut};

use sqlx::TransactionManager as _;
use sqlx::postgres::{PgConnection, PgTransactionManager};

use super::Connection;

/// Bounds how long a client that disappears mid-transaction holds its locks. Set per transaction, so that it also works
/// behind a pooler, and in the same round trip.
pub(super) const BEGIN: &str = "BEGIN; SET LOCAL idle_in_transaction_session_timeout = '5s'";

/// A transaction, which is rolled back unless it is committed.
pub struct Transaction {
    connection: Connection,
    has_ended: bool,
}

impl Transaction {
    /// Begins a transaction with `statement`.
    pub(super) async fn begin(mut connection: Connection, statement: &str) -> Result<Self, sqlx::Error> {
        let prologue = connection.prologue();
        let statement = format!("{statement}{}", prologue.as_deref().unwrap_or_default());
        // sqlx forgets a BEGIN that is cancelled or fails after PostgreSQL has begun: the next request on this connection
        // would write into a transaction that nobody commits
        connection.begin_unknown_state();
        PgTransactionManager::begin(&mut connection, Some(statement.into())).await?;
        connection.end_unknown_state();
        Ok(Self { connection, has_ended: false })
    }

    /// Commits the transaction.
    pub async fn commit(mut self) -> Result<(), sqlx::Error> {
        PgTransactionManager::commit(&mut self.connection).await?;
        self.end();
        Ok(())
    }

    /// Rolls the transaction back now. Dropping it does the same, a moment later.
    pub async fn rollback(mut self) -> Result<(), sqlx::Error> {
        PgTransactionManager::rollback(&mut self.connection).await?;
        self.end();
        Ok(())
    }

    fn end(&mut self) {
        self.has_ended = true;
        self.connection.mark_clean();
    }
}

impl Deref for Transaction {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Transaction {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if !self.has_ended {
            PgTransactionManager::start_rollback(&mut self.connection);
        }
    }
}
