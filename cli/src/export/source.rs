//! Where rows come from.

use chrono::{DateTime, Utc};
use export::Table;
use export::value::{Column, Value};
use shared::db::Database;
use sqlx::PgConnection;

use crate::failure::Failure;

/// Rows of a table that is made from the database, in one snapshot of it.
pub trait Source {
    /// What an entry of the audit trail calls it.
    fn resource(&self) -> &'static str;

    /// Looks at the data before the first row.
    async fn open(&mut self, snapshot: &mut PgConnection, db: &Database) -> Result<Opened, Failure>;

    /// Gives every row to `take`, a value for each column.
    async fn rows(
        &mut self,
        snapshot: &mut PgConnection,
        db: &Database,
        take: impl FnMut(&[Value<'_>]) -> Result<(), Failure>,
    ) -> Result<(), Failure>;
}

/// What is known before the first row.
pub struct Opened {
    pub columns: Vec<Column>,
    pub rows: u64,
}

/// What a route exports, all of its pages.
pub struct Whole<T> {
    pub table: T,
    pub since: Option<DateTime<Utc>>,
}

impl<T> Whole<T> {
    /// All rows of `table`.
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
