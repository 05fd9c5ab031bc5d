//! The schema: as the contract lists it, up and down again, and taken over from the old system while that goes on working.

mod adoption;
mod catalog;
mod function;
mod interruptions;
mod old_code;
mod schema;
mod support;
mod upload_order;
