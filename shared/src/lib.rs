//! What every function shares: configuration, state, who may call, errors, the HTTP surface and the edge to Lambda.
//!
//! Follow one request: `lambda::run` (or the server) → `http::service` → the function's router → an extractor of
//! [`auth`] and [`extract`] → the handler and its SQL → [`errors`].

pub mod answer_limit;
pub mod app;
pub mod assignment;
pub mod audit;
pub mod auth;
mod aws;
pub mod config;
pub mod db;
pub mod errors;
pub mod extract;
pub mod http;
pub mod idempotency;
pub mod iso8601;
pub mod jsonb;
pub mod lambda;
pub mod mail;
pub mod mailed_link;
pub mod openapi;
mod origin;
pub mod page_config;
pub mod paging;
pub mod python;
pub mod readable;
pub mod reply;
mod request_json;
pub mod secrets;
pub mod stored_json;
pub mod telemetry;
pub mod time;
pub mod version;

pub use app::App;
pub use config::Config;
pub use errors::{ApiError, Business};
