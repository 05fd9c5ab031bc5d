//! A page of an export, before its rows are read.

use std::fmt::Display;
use std::future::Future;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use futures_util::stream::BoxStream;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use shared::ApiError;
use shared::db::Database;
use sqlx::{PgConnection, PgExecutor};
use utoipa::ToSchema;

use crate::cursor::Cursor;
use crate::format::Format;
use crate::request::{DEFAULT_LIMIT, PageRequest, Start};
use crate::row::Row;

/// Begins the transaction that finds a page. Its statements see one snapshot, and are planned for their actual
/// parameters: with a generic plan, PostgreSQL would read the whole index for a page after a cursor.
pub const SNAPSHOT: &str =
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL plan_cache_mode = force_custom_plan";

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
    /// One more than the rows of the page, to tell whether there are more.
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

/// A page whose keys were found.
pub(crate) struct Page<R: Resource> {
    pub keys: Vec<R::Key>,
    total: Option<i64>,
    next: Option<Cursor>,
}

/// `pagination` of JSON.
#[derive(Serialize, ToSchema)]
pub(crate) struct Pagination {
    total: Option<i64>,
    limit: i64,
    has_more: bool,
    /// Only when paging with an offset.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = i64, required = false)]
    offset: Option<i64>,
    /// Only when paging with a cursor; `null` on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, required = false)]
    next_cursor: Option<Option<String>>,
}

impl Pagination {
    /// Describes a document with all rows.
    pub(crate) fn of_all(rows: u64) -> Self {
        let total = i64::try_from(rows).unwrap_or(i64::MAX);
        Self {
            total: Some(total),
            limit: total.max(DEFAULT_LIMIT),
            has_more: false,
            offset: Some(0),
            next_cursor: None,
        }
    }
}

impl<R: Resource> Page<R> {
    /// Finds the page. Counts rows only for JSON, because CSV shows no total.
    pub(crate) async fn find(db: &Database, request: &PageRequest, format: Format) -> Result<Self, ApiError> {
        let after = request.cursor();
        let counted = after.and_then(|cursor| cursor.total);
        let wanted = Wanted {
            after,
            offset: request.offset(),
            count: request.limit + 1,
            since: request.since,
            with_total: format == Format::Json && counted.is_none(),
        };
        let mut snapshot = db.begin_with(SNAPSHOT).await?;
        let Keys { mut keys, total } = R::keys(&mut snapshot, &wanted).await?;
        snapshot.rollback().await?;

        let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
        let has_more = keys.len() > limit;
        keys.truncate(limit);
        let total = counted.or(total);
        let next = keys.last().filter(|_| has_more).map(|last| Cursor::at(last, total));
        Ok(Self { keys, total, next })
    }

    pub(crate) fn pagination(&self, request: &PageRequest) -> Pagination {
        let (offset, next_cursor) = match request.start {
            Start::Offset(offset) => (Some(offset), None),
            Start::Cursor(_) => (None, Some(self.next.as_ref().map(Cursor::encode::<R>))),
        };
        Pagination { total: self.total, limit: request.limit, has_more: self.next.is_some(), offset, next_cursor }
    }

    /// Returns the URL of the next page (RFC 8288), which CSV itself has no room for.
    pub(crate) fn next_url(&self, request: &PageRequest) -> Option<String> {
        let cursor = self.next.as_ref()?.encode::<R>();
        let since = request.since.map(|since| {
            let since = since.to_rfc3339();
            format!("&since={}", utf8_percent_encode(&since, NON_ALPHANUMERIC))
        });
        let (path, limit, since, others) = (R::PATH, request.limit, since.unwrap_or_default(), R::PARAMETERS);
        Some(format!("{path}?limit={limit}{since}{others}&cursor={cursor}"))
    }
}
