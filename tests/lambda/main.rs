//! The local platform: what the load balancer and Lambda do to requests, functions and their processes.

mod answers;
mod connections;
mod events;
mod fixtures;
mod limits;
mod logs;
mod platform;
mod processes;
mod routing;
mod template;
