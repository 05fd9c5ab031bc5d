//! What was loaded.

use std::io::{self, Write};

use serde::Serialize;

use super::copy::Outcome;
use super::directory::Skipped;
use super::file::TableFile;
use crate::report::Report;
use crate::table;

#[derive(Serialize)]
pub struct Loaded {
    /// Not after `--check`.
    pub is_stored: bool,
    pub tables: Vec<LoadedTable>,
    pub skipped: Vec<Skipped>,
}

#[derive(Serialize)]
pub struct LoadedTable {
    pub table: &'static str,
    pub file: String,
    pub rows: u64,
    pub added: u64,
    /// Rows that were there with the same key, and are another now.
    pub replaced: u64,
    /// Columns of the file that the table does not have.
    pub ignored_columns: Vec<String>,
}

impl LoadedTable {
    pub fn of(file: &TableFile, outcome: Outcome) -> Self {
        Self {
            table: file.table,
            file: file.path.file_name().unwrap_or_default().display().to_string(),
            rows: outcome.rows,
            added: outcome.added,
            replaced: outcome.replaced,
            ignored_columns: file.layout.ignored.clone(),
        }
    }
}

impl Loaded {
    /// Over all tables.
    pub fn sum(&self, number: impl Fn(&LoadedTable) -> u64) -> u64 {
        self.tables.iter().map(number).sum()
    }
}

impl Report for Loaded {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let rows = self.tables.iter().map(|one| {
            let unchanged = one.rows - one.added - one.replaced;
            [
                one.table.to_owned(),
                one.rows.to_string(),
                one.added.to_string(),
                one.replaced.to_string(),
                unchanged.to_string(),
            ]
        });
        writeln!(out, "{}", table::of(["table", "rows", "added", "replaced", "unchanged"], rows))?;
        for one in self.tables.iter().filter(|one| !one.ignored_columns.is_empty()) {
            writeln!(
                out,
                "note: {}: columns that {} does not have: {}",
                one.file,
                one.table,
                one.ignored_columns.join(", ")
            )?;
        }
        for one in &self.skipped {
            writeln!(out, "skipped: {}: {}", one.file, one.reason)?;
        }
        let (tables, rows) = (self.tables.len(), self.sum(|one| one.rows));
        if self.is_stored {
            writeln!(out, "{rows} rows of {tables} tables loaded")
        } else {
            writeln!(out, "{rows} rows of {tables} tables can be loaded; nothing was changed")
        }
    }
}
