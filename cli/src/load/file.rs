//! A file whose header fits its table.

use std::fmt::Display;

use indicatif::ProgressBar;

use super::layout::Layout;
use super::place::Place;
use super::source::{Quoting, Source};
use crate::failure::Failure;

/// A file, its table, and which cell goes where.
#[derive(Debug)]
pub struct TableFile {
    pub table: &'static str,
    pub place: Place,
    pub quoting: Quoting,
    pub layout: Layout,
}

impl TableFile {
    /// Opens it; `bar` moves by the bytes that are read of it.
    pub fn open(&self, bar: &ProgressBar) -> Result<Source, Failure> {
        Source::open(&self.place, self.quoting, bar)
    }

    /// A failure because of this file.
    pub fn failure(&self, problem: impl Display) -> Failure {
        Failure::new(format!("{}: {problem}; nothing was loaded", self.place))
    }
}
