//! Exposures: the stored pages that participants were shown.

mod contradictions;
mod export;
mod page;

pub use contradictions::{Contradictions, find};
pub use export::{Exposures, columns};
pub use page::Page;
