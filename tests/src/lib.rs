//! The test harness.

pub mod app;
pub mod contract;
pub mod db;
pub mod deployed;
pub mod plan;
pub mod round_trips;
