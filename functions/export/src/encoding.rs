//! JSON and CSV, byte for byte as the old system writes them.

use std::io::{self, Write};

use csv::{Terminator, Writer, WriterBuilder};
use serde_json::Error;

use crate::page::Pagination;
use crate::value::{Column, Value};

/// The start of a JSON document, before the rows.
pub const JSON_HEAD: &str = "{\"data\":[";

/// Returns the end of a JSON document, after the rows.
pub(crate) fn json_end(pagination: &Pagination) -> Result<String, Error> {
    Ok(format!("],\"pagination\":{}}}", serde_json::to_string(pagination)?))
}

/// Returns the end of a document with all rows, like that of a page whose `limit` is large enough.
pub fn json_end_of_all(rows: u64) -> Result<String, Error> {
    json_end(&Pagination::of_all(rows))
}

/// Writes a row of a JSON document, preceded by a comma unless it is the first.
pub fn write_json_row(mut out: impl Write, columns: &[Column], values: &[Value<'_>], is_first: bool) -> io::Result<()> {
    out.write_all(if is_first { b"{" } else { b",{" })?;
    for (position, (column, value)) in columns.iter().zip(values).enumerate() {
        if position > 0 {
            out.write_all(b",")?;
        }
        serde_json::to_writer(&mut out, &column.name)?;
        out.write_all(b":")?;
        value.write_json(&mut out)?;
    }
    out.write_all(b"}")
}

/// Returns a writer with the format of Python's `csv.writer`.
pub fn csv_writer<W: Write>(out: W) -> Writer<W> {
    WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out)
}

/// Writes one line in this format.
pub(crate) fn write_csv_line(out: impl Write, cells: impl IntoIterator<Item = impl AsRef<str>>) -> io::Result<()> {
    let mut writer = csv_writer(out);
    for cell in cells {
        writer.write_field(cell.as_ref())?;
    }
    writer.write_record(None::<&[u8]>)?;
    writer.flush()
}
