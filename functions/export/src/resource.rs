//! The part in which exports differ: the statements that find and read their rows.

use std::fmt::Display;
use std::future::Future;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use futures_util::stream::BoxStream;
use shared::ApiError;
use sqlx::{PgConnection, PgExecutor};

use crate::cursor::Cursor;
use crate::row::Row;

/// An export.
pub(crate) trait Resource: Send + Sync + 'static {
    /// The path of the route.
    const PATH: &'static str;
    /// Additional parameters of the next page's URL, starting with `&`.
    const PARAMETERS: &'static str = "";
    /// Whether `since` filters rows.
    const HAS_SINCE: bool;
    /// The type of a row's key; its text becomes part of cursors.
    type Key: Clone + Display + FromStr + Send + Sync + 'static;
    type Row: Row;

    /// Reads the keys of a page, in order.
    fn keys(
        snapshot: &mut PgConnection,
        wanted: &Wanted<'_>,
    ) -> impl Future<Output = Result<Keys<Self::Key>, ApiError>> + Send;

    /// Streams the rows of these keys in order. Omits rows that have been deleted.
    fn rows<'e>(db: impl PgExecutor<'e> + 'e, keys: &[Self::Key]) -> BoxStream<'e, Result<Self::Row, sqlx::Error>>;

    /// Returns whether this row has this key.
    fn is_of(row: &Self::Row, key: &Self::Key) -> bool;
}

/// The selection of a page's keys.
pub(crate) struct Wanted<'a> {
    /// The last row of the previous page.
    pub after: Option<&'a Cursor>,
    pub offset: i64,
    /// One more than the rows of the page, which shows whether there is a next page.
    pub count: i64,
    pub since: Option<DateTime<Utc>>,
    /// Whether to count all rows.
    pub with_total: bool,
}

/// The keys of a page.
pub(crate) struct Keys<K> {
    pub keys: Vec<K>,
    pub total: Option<i64>,
}
