//! Reports a load.

use std::io::{self, Write};

use serde::Serialize;

use super::copy::Outcome;
use super::directory::Skipped;
use super::file::TableFile;
use super::layout::Renamed;
use crate::report::Report;
use crate::table;

#[derive(Serialize)]
pub struct Loaded {
    /// False after `--check`.
    pub is_stored: bool,
    pub tables: Vec<LoadedTable>,
    pub skipped: Vec<Skipped>,
    /// Other possible mistakes.
    pub notes: Vec<String>,
}

#[derive(Serialize)]
pub struct LoadedTable {
    pub table: &'static str,
    pub file: String,
    pub rows: u64,
    pub added: u64,
    /// Existing rows with the same key that were changed.
    pub replaced: u64,
    /// Columns of the file that the table does not have.
    pub ignored_columns: Vec<String>,
    /// Columns of the file that were renamed in OMOP CDM 5.4.
    pub renamed_columns: Vec<Renamed>,
    /// Truncated cells.
    pub truncated_cells: u64,
    /// Cells with `NaN` or an infinite number, which are stored as NULL.
    pub cells_without_number: u64,
    /// Concepts that were added because rows refer to them.
    pub added_concepts: u64,
}

impl LoadedTable {
    pub fn of(file: &TableFile, outcome: Outcome) -> Self {
        Self {
            table: file.table,
            file: file.place.name(),
            rows: outcome.rows,
            added: outcome.added,
            replaced: outcome.replaced,
            ignored_columns: file.layout.ignored.clone(),
            renamed_columns: file.layout.renamed.clone(),
            truncated_cells: outcome.truncated,
            cells_without_number: outcome.without_number,
            added_concepts: outcome.added_concepts,
        }
    }
}

impl Loaded {
    /// Returns a sum over all tables.
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
        for one in &self.tables {
            for Renamed { from, to } in &one.renamed_columns {
                writeln!(out, "note: {}: {from} was loaded as {to}, its name in OMOP CDM 5.4", one.file)?;
            }
            if one.truncated_cells > 0 {
                writeln!(out, "note: {}: {} cells were too long, and were truncated", one.file, one.truncated_cells)?;
            }
            if one.cells_without_number > 0 {
                let (file, cells) = (&one.file, one.cells_without_number);
                writeln!(out, "note: {file}: {cells} numbers are NaN or infinite, and were stored as NULL")?;
            }
            if one.added_concepts > 0 {
                writeln!(
                    out,
                    "note: {}: {} concepts were added because the vocabulary lacks them",
                    one.file, one.added_concepts
                )?;
            }
        }
        self.notes.iter().try_for_each(|note| writeln!(out, "note: {note}"))?;
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
