//! The test harness.

pub mod app;
pub mod contract;
pub mod db;
