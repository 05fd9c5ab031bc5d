//! How far a streamed answer is.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many rows of a streamed answer have left so far: an extension of its response, from which the edge tells how many fit into
/// an answer of a function.
#[derive(Clone, Debug, Default)]
pub struct RowsSent(Arc<AtomicUsize>);

impl RowsSent {
    /// So many more leave.
    pub fn more(&self, rows: usize) {
        self.0.fetch_add(rows, Ordering::Relaxed);
    }

    /// Rows so far.
    pub fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}
