//! A page of an export, before its rows are read.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use shared::ApiError;
use shared::db::Database;
use utoipa::ToSchema;

use crate::cursor::Cursor;
use crate::format::Format;
use crate::request::{DEFAULT_LIMIT, PageRequest, Start};
use crate::resource::{Keys, Resource, Wanted};

/// Begins the transaction that finds a page. Its statements see one snapshot, and are planned for their actual
/// parameters: with a generic plan, PostgreSQL would read the whole index for a page after a cursor.
pub const SNAPSHOT: &str =
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL plan_cache_mode = force_custom_plan";

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
            Start::Cursor(_) => (None, Some(self.next.as_ref().map(|next| next.encode(R::PATH)))),
        };
        Pagination { total: self.total, limit: request.limit, has_more: self.next.is_some(), offset, next_cursor }
    }

    /// Returns the URL of the next page (RFC 8288), which CSV itself has no room for.
    pub(crate) fn next_url(&self, request: &PageRequest) -> Option<String> {
        let cursor = self.next.as_ref()?.encode(R::PATH);
        let since = request.since.map(|since| {
            let since = since.to_rfc3339();
            format!("&since={}", utf8_percent_encode(&since, NON_ALPHANUMERIC))
        });
        let (path, limit, since, others) = (R::PATH, request.limit, since.unwrap_or_default(), R::PARAMETERS);
        Some(format!("{path}?limit={limit}{since}{others}&cursor={cursor}"))
    }
}
