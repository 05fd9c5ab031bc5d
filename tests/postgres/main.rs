//! PostgreSQL for `cargo dev` and `cargo test`: where it comes from, and that it is there whatever happened before.

mod clusters;
mod databases;
mod sources;
mod support;
mod users;
