//! The document around the rows, and its way to the caller.

use std::fmt::Display;

use axum::body::Body;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use shared::ApiError;
use shared::db::Database;
use shared::lambda::RowsSent;
use tokio::task::JoinSet;
use tracing::Span;

use crate::encoding::{JSON_HEAD, csv_line, json_end, json_row};
use crate::format::Format;
use crate::page::{Page, Resource};
use crate::request::PageRequest;
use crate::row::Row;
use crate::value::Value;

/// Rows of one statement: memory holds so many, and a statement ends before a slow reader has taken them.
pub(crate) const ROWS_PER_STATEMENT: usize = 100;

/// Streams the rows of `page`, and counts them. When the database fails on the way the connection breaks: the document has no
/// valid end.
pub(crate) fn body<R: Resource>(
    db: Database,
    page: &Page<R>,
    request: &PageRequest,
    format: Format,
    sent: RowsSent,
) -> Result<Body, ApiError> {
    let (head, end) = match format {
        Format::Json => (JSON_HEAD.as_bytes().to_vec(), json_end(&page.pagination(request)).map_err(fault)?),
        // as recorded: what `offset` or `since` leaves empty has no header line; an export of nothing has it
        Format::Csv if page.keys.is_empty() && (request.offset() > 0 || request.since.is_some()) => {
            (Vec::new(), String::new())
        }
        Format::Csv => (csv_line(R::Row::COLUMNS.iter().map(|column| &column.name)).map_err(fault)?, String::new()),
    };
    let span = Span::current();
    let rows = batches::<R>(db, &page.keys)
        .map_ok(|rows| stream::iter(rows.into_iter().map(Ok::<_, ApiError>)))
        .try_flatten()
        .enumerate()
        .map(move |(index, row)| {
            let row = row?;
            let row = match format {
                Format::Json => json_row(R::Row::COLUMNS, &row.values(), index == 0).map_err(fault)?,
                Format::Csv => csv_line(row.values().iter().map(Value::cell)).map_err(fault)?,
            };
            sent.one_more();
            Ok::<_, ApiError>(row)
        })
        .inspect_err(move |error| tracing::error!(parent: &span, %error, "export broken off"));
    let head = stream::once(async { Ok(head) });
    let end = stream::once(async { Ok(end.into_bytes()) });
    Ok(Body::from_stream(head.chain(rows).chain(end)))
}

/// The rows of `keys`, batch by batch. The next batch is read while one is on its way: PostgreSQL does not wait for the reader.
fn batches<R: Resource>(db: Database, keys: &[R::Key]) -> impl Stream<Item = Result<Vec<R::Row>, ApiError>> + use<R> {
    let keys: Vec<_> = keys.chunks(ROWS_PER_STATEMENT).map(<[_]>::to_vec).collect();
    async_stream::try_stream! {
        let mut keys = keys.into_iter();
        let mut read_next = |ahead: &mut JoinSet<_>| {
            if let Some(keys) = keys.next() {
                let db = db.clone();
                ahead.spawn(async move { R::rows(&db, &keys).await });
            }
        };
        // what it has begun ends with the stream: nobody reads on for a caller who has gone
        let mut ahead = JoinSet::new();
        read_next(&mut ahead);
        while let Some(rows) = ahead.join_next().await {
            read_next(&mut ahead);
            yield rows.map_err(fault)??;
        }
    }
}

fn fault(error: impl Display) -> ApiError {
    ApiError::Fault(format!("export: {error}"))
}
