//! The demo study: twelve invented patients in primary care, some with signs of colorectal cancer, and the people who read
//! them. Nothing here refers to a real person.
//!
//! What is in it stands in the files beside this one: `concepts.csv` (OMOP concepts; those above 2,000,000,000 are our own),
//! `cases.json`, `page_config.json`, `questionnaire.json`, `accounts.json`, `assignments.csv` (who reads which case in which
//! [arm](arm), in which order) and `answers.json` (of the participant who is half through).

mod arm;
mod measurements;
mod observations;
mod seed;
mod study;

pub use seed::{SeedError, Seeded, seed};
pub use study::Account;

use study::Study;

/// The accounts of the demo: participants in the order of `accounts.json`, then whoever is only invited, then the administrator.
pub fn accounts() -> Vec<Account> {
    Study::embedded().accounts
}

/// The `display_config.id`s of a participant, in the order in which the cases come.
pub fn assignment_ids(user_email: &str) -> Vec<String> {
    let study = Study::embedded();
    let mine = study.assignments.iter().filter(|assignment| assignment.user_email == user_email);
    mine.map(|assignment| study.assignment_id(assignment)).collect()
}
