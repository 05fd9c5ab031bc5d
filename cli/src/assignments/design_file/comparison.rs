use super::design::Design;
use super::display::Display;
use super::draw::{FirstReading, Reading};
use super::format::SecondReadingTable;
use super::sample::Sample;

/// The design and data to compare a file with.
pub struct Check<'a> {
    pub design: &'a Design,
    pub sample: &'a Sample,
    pub display: &'a Display,
    pub experiment: &'a str,
    /// For a file of second readings: each participant's first readings in order.
    pub second: Option<(SecondReadingTable, &'a [Vec<FirstReading>])>,
}

/// An assignment that the design could have drawn.
pub struct Recognised {
    pub reading: Reading,
    pub rows: Vec<u64>,
}
