//! Reading the rows of a page, a batch per statement.

use std::collections::VecDeque;
use std::fmt::Display;
use std::mem;

use futures_util::{Stream, TryStreamExt as _};
use shared::ApiError;
use shared::db::Database;
use tokio::task::JoinSet;
use tracing::Instrument as _;

use crate::resource::Resource;
use crate::row::Row as _;

/// Maximum bytes of rows per statement, exceeded by at most one row. Memory holds three batches: one is sent while two
/// are read.
const BYTES_PER_STATEMENT: usize = 1024 * 1024;

/// Rows of a statement before the first batch has arrived. Later ones read as many rows as fit on average.
const FIRST_STATEMENT_ROWS: usize = 100;
const MAX_ROWS_PER_STATEMENT: usize = 1000;

/// Maximum number of statements that run while a batch is sent (decision 124).
const STATEMENTS_AHEAD: usize = 2;

/// Reads the rows of `keys` in batches. Reads the next batches while one is sent, so that PostgreSQL does not wait for
/// the client. Reading stops when the stream is dropped.
pub(crate) fn batches<R: Resource>(
    db: Database,
    keys: Vec<R::Key>,
) -> impl Stream<Item = Result<Vec<R::Row>, ApiError>> + use<R> {
    let mut ahead = Ahead::<R> { db, keys, fitting_rows: FIRST_STATEMENT_ROWS, statements: VecDeque::new() };
    async_stream::try_stream! {
        ahead.start_statements();
        while let Some(rows) = ahead.next_rows().await? {
            yield rows;
        }
    }
}

/// Statements that run ahead of what is sent.
struct Ahead<R: Resource> {
    db: Database,
    /// Those that no statement has been started for.
    keys: Vec<R::Key>,
    /// How many rows should fit into a batch.
    fitting_rows: usize,
    /// In the order of their rows. Each is a set of one task, which ends when the set is dropped.
    statements: VecDeque<JoinSet<Result<Batch<R>, ApiError>>>,
}

impl<R: Resource> Ahead<R> {
    /// Starts a statement for the next rows, and another one while the pool has connections to spare.
    fn start_statements(&mut self) {
        while !self.keys.is_empty() && self.may_start_another() {
            let keys_after = self.keys.split_off(self.fitting_rows.min(self.keys.len()));
            let keys = mem::replace(&mut self.keys, keys_after);
            self.statements.push_back(self.statement(keys));
        }
    }

    fn may_start_another(&self) -> bool {
        match self.statements.len() {
            0 => true,
            running => running < STATEMENTS_AHEAD && self.db.has_connections_to_spare(running),
        }
    }

    fn statement(&self, keys: Vec<R::Key>) -> JoinSet<Result<Batch<R>, ApiError>> {
        let mut statement = JoinSet::new();
        statement.spawn(read::<R>(self.db.clone(), keys).in_current_span());
        statement
    }

    /// Returns the next rows, and starts the statements after them. Returns `None` after the last row.
    async fn next_rows(&mut self) -> Result<Option<Vec<R::Row>>, ApiError> {
        let Some(mut statement) = self.statements.pop_front() else { return Ok(None) };
        let batch = statement.join_next().await.expect("the set has one task").map_err(fault)??;
        self.fitting_rows = fitting_rows(batch.bytes, batch.rows.len());
        if !batch.keys_after.is_empty() {
            self.statements.push_front(self.statement(batch.keys_after));
        }
        self.start_statements();
        Ok(Some(batch.rows))
    }
}

/// The rows that one statement returned.
struct Batch<R: Resource> {
    rows: Vec<R::Row>,
    bytes: usize,
    /// The keys after its last row.
    keys_after: Vec<R::Key>,
}

/// Returns how many rows should fit into a statement, if they are as large as the last `rows`.
fn fitting_rows(bytes: usize, rows: usize) -> usize {
    let average = bytes / rows.max(1);
    (BYTES_PER_STATEMENT / average.max(1)).clamp(1, MAX_ROWS_PER_STATEMENT)
}

/// Reads the rows of `keys` until they have enough bytes. Further rows that PostgreSQL sends are dropped; they are few,
/// because each statement asks only for as many rows as should fit.
///
/// Fails if an upload has removed rows since the keys were read: without them the document would look complete, but
/// have only a part of the assignments before the upload.
async fn read<R: Resource>(db: Database, mut keys: Vec<R::Key>) -> Result<Batch<R>, ApiError> {
    let (mut rows, mut bytes) = (Vec::new(), 0);
    let mut found = R::rows(&db, &keys);
    let is_complete = loop {
        let Some(row) = found.try_next().await? else { break true };
        if keys.get(rows.len()).is_none_or(|key| !R::is_of(&row, key)) {
            return Err(removed());
        }
        bytes += row.bytes();
        rows.push(row);
        if bytes >= BYTES_PER_STATEMENT {
            break false;
        }
    };
    drop(found);
    let keys_after = keys.split_off(rows.len());
    if is_complete && !keys_after.is_empty() {
        return Err(removed());
    }
    Ok(Batch { rows, bytes, keys_after })
}

fn removed() -> ApiError {
    ApiError::Overloaded("rows of the export were removed meanwhile")
}

pub(crate) fn fault(error: impl Display) -> ApiError {
    ApiError::Fault(format!("export: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_asks_for_about_a_megabyte() {
        for (bytes, rows, fitting) in [
            (BYTES_PER_STATEMENT, 10, 10),
            (3 * 1024, 3, 1000),
            (0, 0, 1000),
            (64 * 1024, 4, 64),
            (5 * BYTES_PER_STATEMENT, 1, 1),
        ] {
            assert_eq!(fitting_rows(bytes, rows), fitting, "{rows} rows of {bytes} bytes");
        }
    }
}
