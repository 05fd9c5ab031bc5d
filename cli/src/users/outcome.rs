//! What became of each account that a command was for.

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

/// An outcome for each account.
#[derive(Serialize)]
#[serde(transparent)]
pub struct Changed(Vec<Outcome>);

impl Changed {
    /// `outcome` says what became of an account, and whether that is what was wanted.
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
