//! The local platform: does on one machine what AWS does for the deployed API.

pub mod build;
pub mod dev;
pub mod lambda;
pub mod load_balancer;
pub mod pgbouncer;
pub mod postgres;
mod progress;
pub mod template;
pub mod tls;
