//! The local platform: what AWS does for the deployed API, on one machine.

pub mod build;
pub mod dev;
pub mod lambda;
pub mod load_balancer;
pub mod pgbouncer;
pub mod postgres;
mod progress;
pub mod template;
pub mod tls;
