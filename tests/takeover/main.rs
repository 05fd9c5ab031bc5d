//! Migrations: the resulting schema, reverting it, and adopting a database that the old system continues to use.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute, not the helpers around it")]

mod adoption;
mod application_login;
mod application_role;
mod catalog;
mod cloudformation;
mod function;
mod interruptions;
mod old_code;
mod old_order;
mod on_start;
mod role_sequences;
mod schema;
mod statements;
mod support;
mod upload_order;
