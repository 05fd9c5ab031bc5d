//! The exported document, streamed to the caller.

use std::{io, mem};

use axum::body::Body;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use shared::ApiError;
use shared::db::Database;
use shared::lambda::RowsSent;
use tracing::Span;

use crate::batches::{batches, fault};
use crate::encoding::{JSON_HEAD, csv_writer, json_end, write_csv_line, write_json_row};
use crate::format::Format;
use crate::page::Page;
use crate::request::PageRequest;
use crate::resource::Resource;
use crate::row::Row;

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
    let chunks = chunks(batches::<R>(db, page.keys.clone()), format, sent)
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
