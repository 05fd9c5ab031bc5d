//! Sources of rows.

use chrono::{DateTime, Utc};
use export::Table;
use export::row::Row;
use export::value::{Column, Value};
use shared::db::Database;
use sqlx::PgConnection;

use crate::failure::Failure;

/// Rows of a table, read from one snapshot of the database.
pub trait Source {
    /// Returns its name in the audit trail.
    fn resource(&self) -> &'static str;

    /// Examines the data before the first row is read.
    async fn open(&mut self, snapshot: &mut PgConnection, db: &Database) -> Result<Opened, Failure>;

    /// Passes every row to `take`, with a value for each column.
    async fn rows(
        &mut self,
        snapshot: &mut PgConnection,
        db: &Database,
        take: impl FnMut(&[Value<'_>]) -> Result<(), Failure>,
    ) -> Result<(), Failure>;
}

/// Information available before the first row.
pub struct Opened {
    pub columns: Vec<Column>,
    pub rows: u64,
}

impl Opened {
    /// Returns the columns of `R`, and this count of rows.
    pub fn of<R: Row>(rows: i64) -> Self {
        Self { columns: R::COLUMNS.to_vec(), rows: u64::try_from(rows).unwrap_or_default() }
    }
}

/// All pages of a route's export.
pub struct Whole<T> {
    pub table: T,
    pub since: Option<DateTime<Utc>>,
}

impl<T> Whole<T> {
    /// Returns a source of all rows of `table`.
    pub fn of(table: T) -> Self {
        Self { table, since: None }
    }
}

impl<T: Table> Source for Whole<T> {
    fn resource(&self) -> &'static str {
        T::ROUTE
    }

    async fn open(&mut self, snapshot: &mut PgConnection, _: &Database) -> Result<Opened, Failure> {
        Ok(Opened { columns: T::COLUMNS.to_vec(), rows: self.table.count(snapshot, self.since).await? })
    }

    async fn rows(
        &mut self,
        snapshot: &mut PgConnection,
        _: &Database,
        take: impl FnMut(&[Value<'_>]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.table.for_each(snapshot, self.since, take).await
    }
}
