//! The test harness.

pub mod contract;
