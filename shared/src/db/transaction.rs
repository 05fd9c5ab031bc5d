//! A transaction on a connection of its own.

use std::ops::{Deref, DerefMut};

use sqlx::TransactionManager as _;
use sqlx::postgres::{PgConnection, PgTransactionManager};

use super::Connection;

/// A client that disappears between two statements of a transaction holds its locks no longer than this. It is set with each transaction,
/// so that it holds behind a connection pooler, too; and in the same round trip.
pub(super) const BEGIN: &str = "BEGIN; SET LOCAL idle_in_transaction_session_timeout = '5s'";

/// A transaction, which is rolled back unless it is committed.
pub struct Transaction {
    connection: Connection,
    has_ended: bool,
}

impl Transaction {
    /// Begins by `statement`.
    pub(super) async fn begin(mut connection: Connection, statement: &str) -> Result<Self, sqlx::Error> {
        let prologue = connection.prologue();
        let statement = format!("{statement}{}", prologue.as_deref().unwrap_or_default());
        PgTransactionManager::begin(&mut connection, Some(statement.into())).await?;
        Ok(Self { connection, has_ended: false })
    }

    /// From now on what was written is there, whatever happens.
    pub async fn commit(mut self) -> Result<(), sqlx::Error> {
        PgTransactionManager::commit(&mut self.connection).await?;
        self.end();
        Ok(())
    }

    /// Nothing of it was. Without this the same happens a moment after it is dropped.
    pub async fn rollback(mut self) -> Result<(), sqlx::Error> {
        PgTransactionManager::rollback(&mut self.connection).await?;
        self.end();
        Ok(())
    }

    fn end(&mut self) {
        self.has_ended = true;
        self.connection.finished();
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
