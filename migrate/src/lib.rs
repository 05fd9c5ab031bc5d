//! Manages the database schema: plan, lint, up, down, and the adoption of a database of the old system. The rules for
//! migrations are in `migrations/README.md`.
//!
//! Follow one run: [`Runner`] → `session` and its `run_lock` → `state` (what kind of database is this?) → [`adoption`]
//! (is it the expected schema?) → `history` (what is pending?) → `session` applies one migration after another with
//! sqlx.

pub mod adoption;
pub mod application_role;
mod catalog;
pub mod custom_resource;
mod difference;
mod error;
mod history;
mod leftovers;
pub mod lint;
mod losses;
pub mod migrations;
mod privileges;
mod report;
mod request;
mod run_lock;
mod runner;
mod search_path;
mod session;
mod state;
mod timeouts;
mod withdrawn;

pub use application_role::ApplicationRole;
pub use difference::Difference;
pub use error::Error;
pub use report::{Pending, Report, Step};
pub use request::{Action, Request};
pub use run_lock::RUN_LOCK;
pub use runner::Runner;
pub use state::State;
pub use timeouts::Timeouts;
pub use withdrawn::hex;
