//! What participants were shown: the pages that the service kept.

mod contradictions;
mod export;
mod page;

pub use contradictions::{Contradictions, find};
pub use export::{Exposures, columns};
pub use page::Page;
