//! The exported document, streamed to the caller.

use std::fmt::Display;
use std::{io, mem};

use axum::body::Body;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use shared::ApiError;
use shared::db::Database;
use shared::lambda::RowsSent;
use tokio::task::JoinSet;
use tracing::{Instrument as _, Span};

use crate::encoding::{JSON_HEAD, csv_writer, json_end, write_csv_line, write_json_row};
use crate::format::Format;
use crate::page::Page;
use crate::request::PageRequest;
use crate::resource::Resource;
use crate::row::Row;

/// Maximum bytes of rows per statement, exceeded by at most one row. Memory holds two batches: one is sent while the
/// next is read.
const BYTES_PER_STATEMENT: usize = 1024 * 1024;

/// Rows of the first statement. Later ones read as many rows as fit on average.
const FIRST_STATEMENT_ROWS: usize = 100;
const MAX_ROWS_PER_STATEMENT: usize = 1000;

/// Bytes per chunk, unless a row is larger: each chunk costs a system call and wakes up the reader.
const CHUNK_BYTES: usize = 64 * 1024;

/// Streams the rows of `page` and counts them. If the database fails midway, the connection is closed and the document
/// stays incomplete.
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
        // like the old service: an empty page has a header line only without `offset` and `since`
        Format::Csv if page.keys.is_empty() && (request.offset() > 0 || request.since.is_some()) => String::new(),
        Format::Csv => {
            write_csv_line(&mut head, R::Row::COLUMNS.iter().map(|column| &column.name)).map_err(fault)?;
            String::new()
        }
    };
    let span = Span::current();
    let chunks = chunks(batches::<R>(db, &page.keys), format, sent)
        .inspect_err(move |error| tracing::error!(parent: &span, %error, "export aborted"));
    let head = stream::once(async { Ok(head) });
    let end = stream::once(async { Ok(end.into_bytes()) });
    Ok(Body::from_stream(head.chain(chunks).chain(end)))
}

/// Groups rows into chunks: as many rows of a batch as fit, or one larger row.
fn chunks<R: Row>(
    batches: impl Stream<Item = Result<Vec<R>, ApiError>>,
    format: Format,
    sent: RowsSent,
) -> impl Stream<Item = Result<Vec<u8>, ApiError>> {
    async_stream::try_stream! {
        let mut is_first = true;
        for await batch in batches {
            let mut chunk = Chunk::new(format);
            for row in batch? {
                if chunk.bytes() + row.bytes() > CHUNK_BYTES && chunk.rows > 0 {
                    let full = mem::replace(&mut chunk, Chunk::new(format));
                    sent.add(full.rows);
                    yield full.written().map_err(fault)?;
                    // let the runtime receive the batch that is read ahead: without a yield it does not poll that
                    // connection
                    tokio::task::yield_now().await;
                }
                chunk.write(&row, is_first).map_err(fault)?;
                is_first = false;
            }
            sent.add(chunk.rows);
            yield chunk.written().map_err(fault)?;
        }
    }
}

/// Rows that are sent together.
struct Chunk {
    written: Written,
    rows: usize,
}

#[expect(clippy::large_enum_variant, reason = "there is one per chunk, and it is not moved")]
enum Written {
    Json(Vec<u8>),
    /// One writer per chunk: its buffer costs more than a line.
    Csv {
        writer: csv::Writer<Vec<u8>>,
        bytes: usize,
    },
}

impl Chunk {
    fn new(format: Format) -> Self {
        let buffer = Vec::with_capacity(CHUNK_BYTES);
        let written = match format {
            Format::Json => Written::Json(buffer),
            Format::Csv => Written::Csv { writer: csv_writer(buffer), bytes: 0 },
        };
        Self { written, rows: 0 }
    }

    fn bytes(&self) -> usize {
        match &self.written {
            Written::Json(json) => json.len(),
            Written::Csv { bytes, .. } => *bytes,
        }
    }

    fn write<R: Row>(&mut self, row: &R, is_first: bool) -> io::Result<()> {
        self.rows += 1;
        match &mut self.written {
            Written::Json(json) => write_json_row(json, R::COLUMNS, &row.values(), is_first),
            Written::Csv { writer, bytes } => {
                for value in row.values() {
                    let cell = value.cell();
                    *bytes += cell.len() + 1;
                    writer.write_field(&*cell)?;
                }
                Ok(writer.write_record(None::<&[u8]>)?)
            }
        }
    }

    fn written(self) -> Result<Vec<u8>, String> {
        match self.written {
            Written::Json(json) => Ok(json),
            Written::Csv { writer, .. } => writer.into_inner().map_err(|error| error.to_string()),
        }
    }
}

/// Reads the rows of `keys` in batches. Reads the next batch while one is sent, so that PostgreSQL does not wait for
/// the client.
fn batches<R: Resource>(db: Database, keys: &[R::Key]) -> impl Stream<Item = Result<Vec<R::Row>, ApiError>> + use<R> {
    let keys = keys.to_vec();
    async_stream::try_stream! {
        // dropped with the stream, so that reading stops when the caller disconnects
        let mut ahead = JoinSet::new();
        let read_next = |ahead: &mut JoinSet<_>, keys: Vec<R::Key>, rows| {
            if !keys.is_empty() {
                ahead.spawn(read::<R>(db.clone(), keys, rows).in_current_span());
            }
        };
        read_next(&mut ahead, keys, FIRST_STATEMENT_ROWS);
        while let Some(batch) = ahead.join_next().await {
            let batch = batch.map_err(fault)??;
            let rows = batch.fitting_rows();
            read_next(&mut ahead, batch.remaining, rows);
            yield batch.rows;
        }
    }
}

/// The rows that one statement returned.
struct Batch<R: Resource> {
    rows: Vec<R::Row>,
    bytes: usize,
    /// The keys after its last row.
    remaining: Vec<R::Key>,
}

impl<R: Resource> Batch<R> {
    fn fitting_rows(&self) -> usize {
        let average = self.bytes / self.rows.len().max(1);
        (BYTES_PER_STATEMENT / average.max(1)).clamp(1, MAX_ROWS_PER_STATEMENT)
    }
}

/// Reads the rows of the first `wanted` keys until they have enough bytes. Further rows that PostgreSQL sends are
/// dropped; they are few, because each statement asks only for as many rows as should fit.
///
/// Fails if an upload has removed rows since the keys were read: without them the document would look complete, but
/// have only a part of the assignments before the upload.
async fn read<R: Resource>(db: Database, mut keys: Vec<R::Key>, wanted: usize) -> Result<Batch<R>, ApiError> {
    let mut remaining = keys.split_off(wanted.min(keys.len()));
    let (mut rows, mut bytes) = (Vec::new(), 0);
    let mut found = R::rows(&db, &keys);
    while let Some(row) = found.try_next().await? {
        bytes += row.bytes();
        rows.push(row);
        if bytes >= BYTES_PER_STATEMENT {
            break;
        }
    }
    drop(found);
    let end = if bytes < BYTES_PER_STATEMENT {
        keys.len()
    } else {
        rows.last().and_then(|last| keys.iter().position(|key| R::is_of(last, key))).map_or(keys.len(), |at| at + 1)
    };
    if rows.len() < end {
        return Err(ApiError::Overloaded("rows of the export were removed meanwhile"));
    }
    let mut after = keys.split_off(end);
    after.append(&mut remaining);
    Ok(Batch { rows, bytes, remaining: after })
}

fn fault(error: impl Display) -> ApiError {
    ApiError::Fault(format!("export: {error}"))
}
