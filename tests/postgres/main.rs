//! PostgreSQL for `cargo dev` and `cargo test`: where it comes from, and that it is there whatever happened before.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute, not the helpers around it")]

mod clusters;
mod databases;
mod sources;
mod support;
mod users;
