//! Replays the recorded contract against a server: scenarios and responses of the production service as fixtures
//! (`tests/fixtures/contract`), and a runner that compares responses with the recordings.
//!
//! For one scenario, [`scenario`] describes the steps, [`request`] builds the requests, [`transport`] sends them, [`answer`] describes the
//! responses, [`verdict`] judges them, and [`report`] prints the result. [`run`] combines the first four. `tests/contract/main.rs` and
//! the binary `replay` call it.

pub mod answer;
pub mod area;
pub mod as_recorded;
pub mod difference;
pub mod login;
pub mod raw_bytes;
pub mod report;
pub mod request;
pub mod run;
pub mod scenario;
pub mod shape;
pub mod sql;
pub mod token;
pub mod transport;
pub mod variables;
pub mod verdict;
