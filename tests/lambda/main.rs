//! The local platform, which simulates the load balancer and Lambda.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute, not the helpers around it")]

mod answers;
mod connections;
mod database;
mod database_certificate;
mod events;
mod export;
mod fixtures;
mod hostile;
mod large_answers;
mod limits;
mod logs;
mod managed;
mod platform;
mod processes;
mod routing;
mod second_opinion;
mod source;
mod sources;
mod template;
