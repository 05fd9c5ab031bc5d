//! JSON and CSV, byte for byte as the old system writes them.

use std::io::{self, Write};

use csv::{Terminator, Writer, WriterBuilder};
use serde::{Serialize, Serializer};
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
    if !is_first {
        out.write_all(b",")?;
    }
    Ok(serde_json::to_writer(out, &Object { columns, values })?)
}

struct Object<'a> {
    columns: &'a [Column],
    values: &'a [Value<'a>],
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.columns.iter().map(|column| &column.name).zip(self.values))
    }
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
