//! The recorded contract, put to a server: scenarios and answers of the production service as fixtures
//! (`tests/fixtures/contract`), and a runner that holds an answer against what was recorded.
//!
//! One scenario: [`scenario`] says what to send, [`request`] builds it, [`transport`] carries it, [`answer`] describes
//! what came back, [`verdict`] judges it, [`report`] says so. [`run`] ties the first four together. It is called by
//! `tests/contract/main.rs` and by the binary `replay`.

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
