//! The test harness.

#![expect(clippy::missing_panics_doc, reason = "a test that cannot be set up fails")]
#![cfg_attr(test, expect(clippy::needless_pass_by_value, reason = "json!(…) reads better than &json!(…)"))]

pub mod app;
pub mod augmed;
pub mod aws;
pub mod collector;
pub mod contract;
pub mod db;
pub mod deployed;
pub mod described;
pub mod durable_postgres;
pub mod form;
pub mod free_port;
pub mod function_urls;
pub mod fuzzed;
pub mod keys;
pub mod logs;
pub mod open_directory;
pub mod password_server;
pub mod pgbouncer;
pub mod plan;
pub mod process;
pub mod process_clock;
pub mod round_trips;
pub mod routes;
pub mod secrets;
pub mod server_process;
pub mod service;
pub mod trials;
pub mod unreliable_network;
pub mod waiting;
