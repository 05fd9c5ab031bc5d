//! A file whose header fits its table.

use std::fmt::Display;
use std::path::PathBuf;

use indicatif::ProgressBar;

use super::layout::Layout;
use super::source::{Quoting, Source};
use crate::failure::Failure;

/// A file, its table, and which cell goes where.
#[derive(Debug)]
pub struct TableFile {
    pub table: &'static str,
    pub path: PathBuf,
    pub quoting: Quoting,
    pub layout: Layout,
}

impl TableFile {
    /// Opens it; `bar` moves by the bytes that are read of it.
    pub fn open(&self, bar: &ProgressBar) -> Result<Source, Failure> {
        Source::open(&self.path, self.quoting, bar)
    }

    /// A failure because of this file.
    pub fn failure(&self, problem: impl Display) -> Failure {
        Failure::new(format!("{}: {problem}; nothing was loaded", self.path.display()))
    }

    /// The line of a row, by its number among the rows. Rows are counted anew: in ten million nobody needs the lines of all.
    pub fn line_of_record(&self, record: u64) -> Option<u64> {
        let mut source = self.open(&ProgressBar::hidden()).ok()?;
        for _ in 0..record {
            source.read().ok().flatten()?;
        }
        Some(source.line())
    }

    /// The line of the first row with this value in a cell.
    pub fn line_of_value(&self, cell: usize, value: &str) -> Option<u64> {
        let mut source = self.open(&ProgressBar::hidden()).ok()?;
        while let Some(record) = source.read().ok().flatten() {
            if is_same(record.get(cell)?, value) {
                return Some(source.line());
            }
        }
        None
    }
}

/// PostgreSQL writes ` 007` as 7.
fn is_same(cell: &[u8], value: &str) -> bool {
    let number = |text: &str| text.trim().parse::<i64>().ok();
    let cell = String::from_utf8_lossy(cell);
    cell == value || number(&cell).is_some_and(|cell| Some(cell) == number(value))
}
