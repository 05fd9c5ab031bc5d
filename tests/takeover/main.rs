//! The schema: as the contract lists it, up and down again, and taken over from the old system while that goes on working.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute, not the helpers around it")]

mod adoption;
mod application_role;
mod catalog;
mod cloudformation;
mod function;
mod interruptions;
mod old_code;
mod old_order;
mod on_start;
mod schema;
mod statements;
mod support;
mod upload_order;
