//! The transaction of a load.

use shared::db::{Database, Transaction};
use sqlx::PgConnection;

use crate::context;
use crate::failure::Failure;
use crate::waiting;

/// Begins a transaction that may be idle for as long as it takes to read a file.
pub async fn begin(db: &Database) -> Result<Transaction, Failure> {
    let mut transaction = context::begin(db).await?;
    // the transaction is idle while files are read and ids are written, so it has no time limit; keepalives detect a client that has
    // disappeared, so that its locks are released
    sqlx::query!(
        "SELECT set_config('idle_in_transaction_session_timeout', '0', true) AS time_limit,
                set_config('tcp_keepalives_idle', '10', true) AS idle, set_config('tcp_keepalives_interval', '5', true) AS interval,
                set_config('tcp_keepalives_count', '3', true) AS count"
    )
    .fetch_one(&mut *transaction)
    .await?;
    Ok(transaction)
}

/// Locks the tables against other loads; readers do not wait.
pub async fn lock(tables: &[&str], transaction: &mut PgConnection) -> Result<(), Failure> {
    if tables.is_empty() {
        return Ok(());
    }
    let lock = format!("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", tables.join(", "));
    waiting::spin("waiting for the tables", sqlx::query(&lock).execute(transaction)).await?;
    Ok(())
}
