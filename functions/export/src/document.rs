//! The document around the rows, and its way to the caller.

use std::fmt::Display;

use axum::body::Body;
use csv::{Terminator, WriterBuilder};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use shared::ApiError;
use shared::db::Database;
use shared::lambda::RowsSent;
use tracing::Span;

use crate::format::Format;
use crate::page::{Page, Resource};
use crate::request::PageRequest;
use crate::row::Row;

/// Rows of one statement: memory holds so many, and a statement ends before a slow reader has taken them.
const ROWS_PER_STATEMENT: usize = 100;

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
        Format::Json => (b"{\"data\":[".to_vec(), format!("],\"pagination\":{}}}", json(&page.pagination(request))?)),
        // as recorded: what `offset` or `since` leaves empty has no header line; an export of nothing has it
        Format::Csv if page.keys.is_empty() && (request.offset() > 0 || request.since.is_some()) => {
            (Vec::new(), String::new())
        }
        Format::Csv => (csv_line(R::Row::COLUMNS)?, String::new()),
    };
    let span = Span::current();
    let batches: Vec<_> = page.keys.chunks(ROWS_PER_STATEMENT).map(<[_]>::to_vec).collect();
    let rows = stream::iter(batches)
        .then(move |keys| {
            let db = db.clone();
            async move { Ok::<_, ApiError>(R::rows(&db, &keys).await?) }
        })
        .map_ok(|rows| stream::iter(rows.into_iter().map(Ok::<_, ApiError>)))
        .try_flatten()
        .enumerate()
        .map(move |(index, row)| {
            let row = row?;
            let row = match format {
                Format::Json => json_item(&row, index == 0)?,
                Format::Csv => csv_line(&row.cells())?,
            };
            sent.one_more();
            Ok::<_, ApiError>(row)
        })
        .inspect_err(move |error| tracing::error!(parent: &span, %error, "export broken off"));
    let head = stream::once(async { Ok(head) });
    let end = stream::once(async { Ok(end.into_bytes()) });
    Ok(Body::from_stream(head.chain(rows).chain(end)))
}

fn json(value: &impl Serialize) -> Result<String, ApiError> {
    serde_json::to_string(value).map_err(|error| ApiError::Fault(format!("export as JSON: {error}")))
}

/// An item of an array, with the comma between it and the one before.
fn json_item(row: &impl Row, is_first: bool) -> Result<Vec<u8>, ApiError> {
    let comma = if is_first { "" } else { "," };
    Ok(format!("{comma}{}", json(row)?).into_bytes())
}

/// A line as Python's `csv.writer` writes it.
fn csv_line(cells: &[impl AsRef<str>]) -> Result<Vec<u8>, ApiError> {
    let fault = |error: &dyn Display| ApiError::Fault(format!("export as CSV: {error}"));
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(cells.iter().map(|cell| cell.as_ref().as_bytes())).map_err(|error| fault(&error))?;
    writer.into_inner().map_err(|error| fault(&error))
}
