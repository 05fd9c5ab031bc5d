//! The document around the rows, and its way to the caller.

use std::fmt::Display;
use std::mem;

use axum::body::Body;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use shared::ApiError;
use shared::db::Database;
use shared::lambda::RowsSent;
use tokio::task::JoinSet;
use tracing::Span;

use crate::encoding::{JSON_HEAD, json_end, write_csv_line, write_json_row};
use crate::format::Format;
use crate::page::{Page, Resource};
use crate::request::PageRequest;
use crate::row::Row;
use crate::value::Value;

/// Rows of one statement: memory holds so many, and a statement ends before a slow reader has taken them.
pub(crate) const ROWS_PER_STATEMENT: usize = 100;

/// Bytes that are sent at a time, unless a row has more: each chunk is a system call, and wakes up who reads.
const CHUNK: usize = 64 * 1024;

/// Streams the rows of `page`, and counts them. When the database fails on the way the connection breaks: the document has no
/// valid end.
pub(crate) fn body<R: Resource>(
    db: Database,
    page: &Page<R>,
    request: &PageRequest,
    format: Format,
    sent: RowsSent,
) -> Result<Body, ApiError> {
    let mut head = Vec::new();
    let end = match format {
        Format::Json => {
            head.extend_from_slice(JSON_HEAD.as_bytes());
            json_end(&page.pagination(request)).map_err(fault)?
        }
        // as recorded: what `offset` or `since` leaves empty has no header line; an export of nothing has it
        Format::Csv if page.keys.is_empty() && (request.offset() > 0 || request.since.is_some()) => String::new(),
        Format::Csv => {
            write_csv_line(&mut head, R::Row::COLUMNS.iter().map(|column| &column.name)).map_err(fault)?;
            String::new()
        }
    };
    let span = Span::current();
    let chunks = chunks(batches::<R>(db, &page.keys), format, sent)
        .inspect_err(move |error| tracing::error!(parent: &span, %error, "export broken off"));
    let head = stream::once(async { Ok(head) });
    let end = stream::once(async { Ok(end.into_bytes()) });
    Ok(Body::from_stream(head.chain(chunks).chain(end)))
}

/// Rows as they are sent: as many of a batch as go into a chunk, or one that is larger.
fn chunks<R: Row>(
    batches: impl Stream<Item = Result<Vec<R>, ApiError>>,
    format: Format,
    sent: RowsSent,
) -> impl Stream<Item = Result<Vec<u8>, ApiError>> {
    async_stream::try_stream! {
        let mut is_first = true;
        for await batch in batches {
            let (mut chunk, mut rows) = (Vec::new(), 0);
            for row in batch? {
                let before = chunk.len();
                match format {
                    Format::Json => write_json_row(&mut chunk, R::COLUMNS, &row.values(), is_first),
                    Format::Csv => write_csv_line(&mut chunk, row.values().iter().map(Value::cell)),
                }
                .map_err(fault)?;
                is_first = false;
                if chunk.len() > CHUNK && rows > 0 {
                    let row = chunk.split_off(before);
                    sent.more(mem::take(&mut rows));
                    yield mem::replace(&mut chunk, row);
                    // what is read ahead comes in meanwhile: nobody looks at the connections of a thread whose task does not rest
                    tokio::task::yield_now().await;
                }
                rows += 1;
            }
            sent.more(rows);
            yield chunk;
        }
    }
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
