//! The document around the rows, and its way to the caller.

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
use crate::page::{Page, Resource};
use crate::request::PageRequest;
use crate::row::Row;

/// Bytes of rows that memory holds, twice: of a statement's rows no more are read, but for the last of them, and while they are
/// sent the next are read.
const BYTES_PER_STATEMENT: usize = 256 * 1024;

/// Rows of the first statement. The next ones are as many as have fitted on average.
const ROWS_OF_FIRST_STATEMENT: usize = 100;
const MOST_ROWS_PER_STATEMENT: usize = 1000;

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

/// Rows as they are sent: as many of a batch as fill a chunk, or one that is larger.
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
                if chunk.bytes() + row.bytes() > CHUNK && chunk.rows > 0 {
                    let full = mem::replace(&mut chunk, Chunk::new(format));
                    sent.add(full.rows);
                    yield full.written().map_err(fault)?;
                    // what is read ahead comes in meanwhile: nobody looks at the connections of a thread whose task does not rest
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

#[expect(clippy::large_enum_variant, reason = "there is one for each chunk, and it does not move")]
enum Written {
    Json(Vec<u8>),
    /// A writer has a buffer of its own: one for each line would cost more than the line.
    Csv {
        writer: csv::Writer<Vec<u8>>,
        bytes: usize,
    },
}

impl Chunk {
    fn new(format: Format) -> Self {
        let buffer = Vec::with_capacity(CHUNK);
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

/// The rows of `keys`, batch by batch. The next batch is read while one is on its way: PostgreSQL does not wait for the reader.
fn batches<R: Resource>(db: Database, keys: &[R::Key]) -> impl Stream<Item = Result<Vec<R::Row>, ApiError>> + use<R> {
    let keys = keys.to_vec();
    async_stream::try_stream! {
        // what it has begun ends with the stream: nobody reads on for a caller who has gone
        let mut ahead = JoinSet::new();
        let read_next = |ahead: &mut JoinSet<_>, keys: Vec<R::Key>, rows| {
            if !keys.is_empty() {
                ahead.spawn(read::<R>(db.clone(), keys, rows).in_current_span());
            }
        };
        read_next(&mut ahead, keys, ROWS_OF_FIRST_STATEMENT);
        while let Some(batch) = ahead.join_next().await {
            let batch = batch.map_err(fault)??;
            let rows = batch.fitting_rows();
            read_next(&mut ahead, batch.remaining, rows);
            yield batch.rows;
        }
    }
}

/// What one statement has given.
struct Batch<R: Resource> {
    rows: Vec<R::Row>,
    bytes: usize,
    /// The keys behind its last row.
    remaining: Vec<R::Key>,
}

impl<R: Resource> Batch<R> {
    fn fitting_rows(&self) -> usize {
        let average = self.bytes / self.rows.len().max(1);
        (BYTES_PER_STATEMENT / average.max(1)).clamp(1, MOST_ROWS_PER_STATEMENT)
    }
}

/// Reads the rows of the first `wanted` keys, until their bytes are enough. Rows that PostgreSQL sends beyond that
/// are dropped as they come in; they are few, because the next statement asks for no more than fit.
async fn read<R: Resource>(db: Database, mut keys: Vec<R::Key>, wanted: usize) -> Result<Batch<R>, sqlx::Error> {
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
    let mut behind = keys.split_off(end);
    behind.append(&mut remaining);
    Ok(Batch { rows, bytes, remaining: behind })
}

fn fault(error: impl Display) -> ApiError {
    ApiError::Fault(format!("export: {error}"))
}
