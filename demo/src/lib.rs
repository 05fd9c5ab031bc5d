//! The demo study: twelve invented patients in primary care, some with signs of colorectal cancer, and the people who read
//! them. Nothing here refers to a real person.
//!
//! The data are in the files beside this one: `concepts.csv` (OMOP concepts; those above 2,000,000,000 are our own), `cases.json`,
//! `page_config.json`, `questionnaire.json`, `accounts.json`, `assignments.csv` (participant, case, [arm](arm) and order) and
//! `answers.json` (of the participant who is half done).

mod arm;
mod case;
mod clinical_data;
mod measurements;
mod observations;
mod seed;
mod study;

pub use seed::{SeedError, Seeded, seed};
pub use study::Account;

use study::Study;

/// Returns the demo accounts: participants in the order of `accounts.json`, then the invited person, then the administrator.
pub fn accounts() -> Vec<Account> {
    Study::embedded().accounts
}

/// Returns a participant's `display_config.id`s in reading order.
pub fn assignment_ids(user_email: &str) -> Vec<String> {
    let study = Study::embedded();
    let mine = study.assignments.iter().filter(|assignment| assignment.user_email == user_email);
    mine.map(|assignment| study.assignment_id(assignment)).collect()
}
