//! Writes the codebook as CSV: a row for each column.

use csv::Writer;

use super::entry::{Entry, kind};
use crate::failure::Failure;

pub fn file(entries: &[Entry]) -> Result<String, Failure> {
    let mut writer = Writer::from_writer(Vec::new());
    writer.write_record(["export", "column", "type", "unit", "meaning", "question", "values"])?;
    for entry in entries {
        let column = &entry.described.column;
        writer.write_record([
            entry.export.name,
            &column.name,
            kind(column.kind),
            column.unit.unwrap_or_default(),
            &column.about,
            entry.described.question.as_deref().unwrap_or_default(),
            &entry.values(),
        ])?;
    }
    text(writer)
}

/// Returns the written text.
pub fn text(writer: Writer<Vec<u8>>) -> Result<String, Failure> {
    let bytes = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
    String::from_utf8(bytes).map_err(|error| Failure::new(error.to_string()))
}
