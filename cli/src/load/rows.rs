//! Sends the rows of a file to PostgreSQL.

use csv::ByteRecord;
use sqlx::PgConnection;

use super::cell::{self, Problem};
use super::file::TableFile;
use super::layout::{Filled, Layout};
use super::progress::Progress;
use super::renumber::Ids;
use super::source::{Unreadable, at};
use super::stopped::Stopped;

/// Bytes per chunk sent to the server.
const CHUNK_BYTES: usize = 1 << 16;

/// A row: its byte offset in the file, and its cells, or why it cannot be read.
pub struct Row<'a> {
    pub at: u64,
    pub cells: Result<&'a ByteRecord, String>,
}

/// Sends the rows of `file` to a `COPY`, encoded by `encode`; returns their number. Stops if `encode` says so.
pub async fn send(
    file: &TableFile,
    copy: &str,
    connection: &mut PgConnection,
    progress: &Progress,
    mut encode: impl FnMut(Row<'_>, &mut Vec<u8>) -> Result<(), Stopped>,
) -> Result<u64, Stopped> {
    let of_file = |error| Stopped::of(error, file);
    let mut source = file.open(&progress.bar)?;
    let mut copy = connection.copy_in_raw(copy).await?;
    let mut chunk = Vec::with_capacity(CHUNK_BYTES * 2);
    let mut rows = 0;
    let read = loop {
        let row = match source.read() {
            Ok(None) => break Ok(()),
            Ok(Some(cells)) => Row { at: at(cells), cells: Ok(cells) },
            Err(Unreadable::Row { at, problem }) => Row { at, cells: Err(problem) },
            Err(Unreadable::File(error)) => break Err(file.failure(error).into()),
        };
        if let Err(stopped) = encode(row, &mut chunk) {
            break Err(stopped);
        }
        rows += 1;
        if chunk.len() >= CHUNK_BYTES {
            copy.send(&*chunk).await.map_err(of_file)?;
            chunk.clear();
            progress.rows(file.table, rows);
        }
    };
    if let Err(stopped) = read {
        copy.abort("a row of the file is invalid").await?;
        return Err(stopped);
    }
    copy.send(&*chunk).await.map_err(of_file)?;
    progress.checking(file.table, rows);
    copy.finish().await.map_err(of_file)
}

/// Options and counts for cells that are not valid values of their column.
#[derive(Default)]
pub struct Leniency {
    /// Replacement of ids.
    pub ids: Option<Ids>,
    /// Whether long texts are truncated.
    pub truncates: bool,
    /// Number of truncated texts.
    pub truncated: u64,
    /// Number of cells with `NaN` or an infinite number, which are stored as NULL.
    pub without_number: u64,
}

/// Appends a row; calls `wrong` for each wrong cell, and writes NULL instead.
pub fn encode(
    cells: &ByteRecord,
    layout: &Layout,
    leniency: &mut Leniency,
    out: &mut Vec<u8>,
    mut wrong: impl FnMut(&Filled, Problem),
) {
    for filled in &layout.filled {
        let cell = cells.get(filled.cell).unwrap_or_default();
        let start = out.len();
        if let Err(problem) = encode_cell(cell, filled, cells, leniency, out) {
            out.truncate(start);
            out.extend_from_slice(b"\\N");
            wrong(filled, problem);
        }
        out.push(b'\t');
    }
    out.pop();
    out.push(b'\n');
}

fn encode_cell(
    cell: &[u8],
    filled: &Filled,
    cells: &ByteRecord,
    leniency: &mut Leniency,
    out: &mut Vec<u8>,
) -> Result<(), Problem> {
    if let (Some(ids), Some(of)) = (&mut leniency.ids, &filled.ids_of)
        && !cell.trim_ascii().is_empty()
    {
        let stored = ids.stored(cell, of, cells)?;
        out.extend_from_slice(stored.to_string().as_bytes());
        return Ok(());
    }
    if cell::is_no_number(cell, &filled.column) {
        leniency.without_number += 1;
        out.extend_from_slice(b"\\N");
        return Ok(());
    }
    match cell::write(cell, &filled.column, out) {
        // truncated keys could become equal
        Err(Problem::TooLong { limit, .. }) if leniency.truncates && !filled.column.is_key => {
            leniency.truncated += 1;
            let cut: String = String::from_utf8_lossy(cell).chars().take(limit).collect();
            cell::write(cut.as_bytes(), &filled.column, out)
        }
        written => written,
    }
}
