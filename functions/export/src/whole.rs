//! Complete exports in one snapshot, for the command line.

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt as _;
use shared::ApiError;
use sqlx::PgConnection;

use crate::cursor::Cursor;
use crate::resource::{Resource, Wanted};
use crate::row::Row;
use crate::value::{Column, Value};

/// Rows per statement.
const ROWS_PER_STATEMENT: usize = 1000;

/// Keys held in memory at a time.
const KEYS_PER_PAGE: i64 = 10_000;

/// An export.
pub trait Table: Copy {
    /// The route with the same rows.
    const ROUTE: &'static str;
    /// The columns, in the order of the file.
    const COLUMNS: &'static [Column];

    /// Returns the number of rows, from `since` on if rows have a time.
    fn count(
        self,
        snapshot: &mut PgConnection,
        since: Option<DateTime<Utc>>,
    ) -> impl Future<Output = Result<u64, ApiError>>;

    /// Passes these rows to `take`, in the order of the route.
    fn for_each<E: From<ApiError>>(
        self,
        snapshot: &mut PgConnection,
        since: Option<DateTime<Utc>>,
        take: impl FnMut(&[Value<'_>]) -> Result<(), E>,
    ) -> impl Future<Output = Result<(), E>>;
}

impl<R: Resource + Copy> Table for R {
    const ROUTE: &'static str = R::PATH;
    const COLUMNS: &'static [Column] = R::Row::COLUMNS;

    async fn count(self, snapshot: &mut PgConnection, since: Option<DateTime<Utc>>) -> Result<u64, ApiError> {
        let wanted = Wanted { after: None, offset: 0, count: 0, since, with_total: true };
        let total = R::keys(snapshot, &wanted).await?.total;
        Ok(total.and_then(|total| u64::try_from(total).ok()).unwrap_or_default())
    }

    async fn for_each<E: From<ApiError>>(
        self,
        snapshot: &mut PgConnection,
        since: Option<DateTime<Utc>>,
        mut take: impl FnMut(&[Value<'_>]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut last: Option<Cursor> = None;
        loop {
            let wanted = Wanted { after: last.as_ref(), offset: 0, count: KEYS_PER_PAGE, since, with_total: false };
            let keys = R::keys(snapshot, &wanted).await?.keys;
            let Some(last_key) = keys.last() else { return Ok(()) };
            last = Some(Cursor::at(last_key, None));
            for keys in keys.chunks(ROWS_PER_STATEMENT) {
                let mut rows = R::rows(&mut *snapshot, keys);
                while let Some(row) = rows.try_next().await.map_err(ApiError::from)? {
                    take(&row.values())?;
                }
            }
        }
    }
}
