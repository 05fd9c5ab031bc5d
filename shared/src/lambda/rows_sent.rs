//! The progress of a streamed answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The number of rows of a streamed answer sent so far. As an extension of the response it tells the Lambda interface
/// how many rows fit into one answer.
#[derive(Clone, Debug, Default)]
pub struct RowsSent(Arc<AtomicUsize>);

impl RowsSent {
    /// Adds `rows` to the count.
    pub fn add(&self, rows: usize) {
        self.0.fetch_add(rows, Ordering::Relaxed);
    }

    /// Returns the number of rows sent so far.
    pub fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}
