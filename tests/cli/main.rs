//! `augmed`, run as a program.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute, not the helpers around it")]

mod assignments;
mod augmed;
mod cases;
mod command_line;
mod configuration;
mod doctor;
mod generate;
mod migrations;
mod study;
mod users;
