//! The result of a command for each of its accounts.

use std::io::{self, Write};

use serde::Serialize;

use super::select::Selected;
use crate::report::{Ending, Report};
use crate::table;

#[derive(Serialize)]
struct Outcome {
    id: i32,
    email: String,
    outcome: String,
    #[serde(skip)]
    is_done: bool,
}

/// Results for all accounts.
#[derive(Serialize)]
#[serde(transparent)]
pub struct Changed(Vec<Outcome>);

impl Changed {
    /// Collects the results: `outcome` returns a description, and whether the result is the intended one.
    pub fn of(accounts: &[Selected], mut outcome: impl FnMut(&Selected) -> (String, bool)) -> Self {
        let outcomes = accounts.iter().map(|account| {
            let (outcome, is_done) = outcome(account);
            Outcome { id: account.id, email: account.email.clone(), outcome, is_done }
        });
        Self(outcomes.collect())
    }
}

impl Report for Changed {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let rows = self.0.iter().map(|one| [one.id.to_string(), one.email.clone(), one.outcome.clone()]);
        writeln!(out, "{}", table::of(["id", "email", "outcome"], rows))
    }

    fn ending(&self) -> Ending {
        if self.0.iter().all(|one| one.is_done) { Ending::Done } else { Ending::FoundWrong }
    }
}
