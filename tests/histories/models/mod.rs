//! The sequential specification of each kind of object.

pub mod account;
pub mod once;
pub mod register;
