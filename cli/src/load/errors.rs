//! Prints all errors in the rows of the files as text, JSON and CSV.

use std::collections::BTreeSet;
use std::io;

use serde::Serialize;
use serde_json::json;

use super::place::Place;
use super::source;
use crate::failure::Failure;
use crate::output::Output;

/// Maximum listed errors per table; further ones are counted.
pub const MAX_LISTED: usize = 100;

/// Errors in the rows of a file.
#[derive(Default)]
pub struct Found {
    errors: Vec<RowError>,
    count: u64,
}

/// An error with its row's byte offset and its cell's index.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub struct RowError {
    pub at: u64,
    pub cell: usize,
    pub column: Option<String>,
    pub problem: String,
}

impl Found {
    /// Adds an error that comes after all others.
    pub fn add(&mut self, error: RowError) {
        self.count += 1;
        if self.errors.len() < MAX_LISTED {
            self.errors.push(error);
        }
    }

    /// Adds the first of `count` errors.
    pub fn extend(&mut self, errors: impl IntoIterator<Item = RowError>, count: u64) {
        self.count += count;
        self.errors.extend(errors);
    }

    /// Returns the listed errors in the file's order, by line.
    pub fn listed(mut self, place: &Place, table: &'static str) -> io::Result<Option<TableErrors>> {
        if self.count == 0 {
            return Ok(None);
        }
        self.errors.sort();
        self.errors.truncate(MAX_LISTED);
        let at: Vec<u64> = self.errors.iter().map(|error| error.at).collect();
        let lines = source::lines_of(place, &at)?;
        let more = self.count - self.errors.len() as u64;
        let errors = self.errors.into_iter().zip(lines);
        let errors = errors.map(|(RowError { column, problem, .. }, line)| Error {
            line,
            column: column.map(|column| place.column(table, column)),
            problem,
        });
        Ok(Some(TableErrors { table, file: place.to_string(), errors: errors.collect(), more }))
    }
}

/// Errors in the file of a table.
#[derive(Debug, Serialize)]
pub struct TableErrors {
    pub table: &'static str,
    pub file: String,
    pub errors: Vec<Error>,
    /// Number of further errors.
    pub more: u64,
}

/// An error with its position.
#[derive(Debug, Serialize)]
pub struct Error {
    /// From 1; the header is 1.
    pub line: u64,
    /// `None` for the row as a whole.
    pub column: Option<String>,
    pub problem: String,
}

/// Returns the errors as a failure, whose JSON lists them all.
pub fn failure(tables: &[TableErrors], remedies: &BTreeSet<String>) -> Failure {
    let mut lines = Vec::new();
    for TableErrors { file, errors, more, .. } in tables {
        for Error { line, column, problem } in errors {
            let column = column.as_ref().map(|column| format!(", column {column}")).unwrap_or_default();
            lines.push(format!("{file}: line {line}{column}: {problem}"));
        }
        if *more > 0 {
            lines.push(format!("{file}: {more} more errors"));
        }
    }
    let count: u64 = tables.iter().map(|table| table.errors.len() as u64 + table.more).sum();
    lines.push(format!("{count} {}; nothing was loaded", if count == 1 { "error" } else { "errors" }));
    let failure = Failure::new(lines.join("\n")).with_details(json!({ "count": count, "tables": tables }));
    if remedies.is_empty() {
        return failure;
    }
    failure.with_remedy(remedies.iter().map(String::as_str).collect::<Vec<_>>().join("\n"))
}

/// Writes the errors to a file: JSON if its name ends in `.json`, otherwise CSV of `file,line,column,problem`.
pub fn write(tables: &[TableErrors], output: &Output) -> Result<(), Failure> {
    let mut file = output.open()?;
    if output.extension() == Some("json") {
        serde_json::to_writer_pretty(&mut file, tables).map_err(io::Error::from)?;
        return file.keep();
    }
    let mut writer = csv::Writer::from_writer(file);
    writer.write_record(["file", "line", "column", "problem"])?;
    for TableErrors { file, errors, more, .. } in tables {
        for Error { line, column, problem } in errors {
            writer.write_record([file, &line.to_string(), column.as_deref().unwrap_or_default(), problem])?;
        }
        if *more > 0 {
            writer.write_record([file, "", "", &format!("{more} more errors")])?;
        }
    }
    writer.into_inner().map_err(|error| Failure::from(error.into_error()))?.keep()
}
