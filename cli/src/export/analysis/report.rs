//! Reports an export and the joined survey.

use std::io::{self, Write};

use serde::Serialize;

use super::validation::Finding;
use crate::export::write::Written;
use crate::report::{Ending, Report};

#[derive(Serialize)]
pub struct Exported {
    #[serde(flatten)]
    pub written: Written,
    /// Number of answers that are not one of their question's numeric options.
    pub unknown_options: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub survey: Option<Joined>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validated: Option<Vec<Finding>>,
}

/// Result of joining a survey.
#[derive(Serialize)]
pub struct Joined {
    pub people: usize,
    pub participants: usize,
    pub found: usize,
    pub columns: Vec<String>,
    /// Not joined, because they contain addresses.
    pub left_out: Vec<String>,
    /// Joined as requested, although they contain addresses.
    pub with_addresses: Vec<String>,
}

impl Report for Exported {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        self.written.write(out)?;
        if self.unknown_options > 0 {
            writeln!(out, "note: {} answers are not among the options, and are left empty", self.unknown_options)?;
        }
        for finding in self.validated.iter().flatten() {
            writeln!(out, "validate: {finding}")?;
        }
        let Some(Joined { people, participants, found, columns, left_out, with_addresses }) = &self.survey else {
            return Ok(());
        };
        writeln!(
            out,
            "survey: {found} of {participants} participants found among {people} people; joined {}",
            columns.join(", ")
        )?;
        if !left_out.is_empty() {
            writeln!(out, "note: not joined, because of addresses: {}", left_out.join(", "))?;
        }
        if !with_addresses.is_empty() {
            writeln!(out, "note: joined as requested in spite of addresses: {}", with_addresses.join(", "))?;
        }
        Ok(())
    }

    fn ending(&self) -> Ending {
        if self.validated.iter().flatten().any(|finding| finding.is_wrong) { Ending::FoundWrong } else { Ending::Done }
    }
}
