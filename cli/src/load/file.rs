//! A file with a valid header.

use std::fmt::Display;

use indicatif::ProgressBar;

use super::layout::Layout;
use super::place::Place;
use super::source::{Quoting, Source};
use crate::failure::Failure;

/// A file, its table, and the mapping of cells to columns.
#[derive(Debug)]
pub struct TableFile {
    pub table: &'static str,
    pub place: Place,
    pub quoting: Quoting,
    pub layout: Layout,
}

impl TableFile {
    /// Opens the file; `bar` advances with the bytes read.
    pub fn open(&self, bar: &ProgressBar) -> Result<Source, Failure> {
        Source::open(&self.place, self.quoting, bar)
    }

    /// Returns a failure that names this file.
    pub fn failure(&self, problem: impl Display) -> Failure {
        Failure::new(format!("{}: {problem}; nothing was loaded", self.place))
    }
}
