//! The document around the rows, and its way to the caller.

use axum::body::Body;
use csv::{Terminator, WriterBuilder};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use shared::ApiError;
use sqlx::PgPool;
use tracing::Span;

use crate::format::Format;
use crate::page::{Page, Resource};
use crate::request::PageRequest;
use crate::row::Row;

/// Rows of one statement: memory holds so many, and a statement ends before a slow reader has taken them.
const ROWS_PER_STATEMENT: usize = 100;

/// Streams the rows of `page`. When the database fails on the way the connection breaks: the document has no valid end.
pub(crate) fn body<R: Resource>(
    db: PgPool,
    page: &Page<R>,
    request: &PageRequest,
    format: Format,
) -> Result<Body, ApiError> {
    let (head, end) = match format {
        Format::Json => (b"{\"data\":[".to_vec(), format!("],\"pagination\":{}}}", json(&page.pagination(request))?)),
        // as recorded: what `offset` or `since` leaves empty has no header line; an export of nothing has it
        Format::Csv if page.keys.is_empty() && (request.offset() > 0 || request.since.is_some()) => {
            (Vec::new(), String::new())
        }
        Format::Csv => (csv_lines([R::Row::COLUMNS.iter()])?, String::new()),
    };
    let span = Span::current();
    let batches: Vec<_> = page.keys.chunks(ROWS_PER_STATEMENT).map(<[_]>::to_vec).collect();
    let mut is_first = true;
    let rows = stream::iter(batches)
        .then(move |keys| {
            let db = db.clone();
            async move { Ok::<_, ApiError>(R::rows(&db, &keys).await?) }
        })
        .map(move |rows| {
            let rows = rows?;
            match format {
                Format::Json => json_items(&rows, &mut is_first),
                Format::Csv => csv_lines(rows.iter().map(Row::cells)),
            }
        })
        .inspect_err(move |error| tracing::error!(parent: &span, %error, "export broken off"));
    let head = stream::once(async { Ok(head) });
    let end = stream::once(async { Ok(end.into_bytes()) });
    Ok(Body::from_stream(head.chain(rows).chain(end)))
}

fn json(value: &impl Serialize) -> Result<String, ApiError> {
    serde_json::to_string(value).map_err(|error| ApiError::Fault(format!("export as JSON: {error}")))
}

/// Items of an array, with the commas between these and those before.
fn json_items(rows: &[impl Row], is_first: &mut bool) -> Result<Vec<u8>, ApiError> {
    let mut items = String::new();
    for row in rows {
        if !std::mem::take(is_first) {
            items.push(',');
        }
        items.push_str(&json(row)?);
    }
    Ok(items.into_bytes())
}

/// Lines as Python's `csv.writer` writes them.
fn csv_lines(records: impl IntoIterator<Item: IntoIterator<Item: AsRef<str>>>) -> Result<Vec<u8>, ApiError> {
    let fault = |error: &dyn std::fmt::Display| ApiError::Fault(format!("export as CSV: {error}"));
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    for record in records {
        for cell in record {
            writer.write_field(cell.as_ref()).map_err(|error| fault(&error))?;
        }
        writer.write_record(None::<&[u8]>).map_err(|error| fault(&error))?;
    }
    writer.into_inner().map_err(|error| fault(&error))
}
