//! The parts of the state.

pub mod accounts;
pub mod answers;
pub mod assignments;
pub mod experiments;
pub mod questionnaires;
