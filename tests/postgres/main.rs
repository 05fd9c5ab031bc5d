//! PostgreSQL for `cargo dev` and `cargo test`: it is found, and it starts in every state that earlier runs may have left.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute, not the helpers around it")]

mod clusters;
mod databases;
mod sources;
mod support;
mod users;
