//! A finding about a page configuration.

use std::fmt;

use anstyle::AnsiColor;
use serde::Serialize;

/// What was found, where, and what to do.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Severity of the finding.
    pub weight: Weight,
    /// `BACKGROUND.Social History.Smoke`; empty for the whole configuration.
    pub place: String,
    /// Description of the problem and its remedy.
    pub text: String,
}

/// Severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// The server ignores this part.
    Wrong,
    /// It may be intended.
    Note,
}

impl Finding {
    pub fn wrong(place: &str, text: impl Into<String>) -> Self {
        Self { weight: Weight::Wrong, place: place.to_owned(), text: text.into() }
    }

    pub fn note(place: &str, text: impl Into<String>) -> Self {
        Self { weight: Weight::Note, place: place.to_owned(), text: text.into() }
    }

    pub fn is_wrong(&self) -> bool {
        self.weight == Weight::Wrong
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, colour) = match self.weight {
            Weight::Wrong => ("wrong", AnsiColor::Red),
            Weight::Note => ("note", AnsiColor::Yellow),
        };
        let style = colour.on_default().bold();
        let separator = if self.place.is_empty() { "" } else { ": " };
        write!(formatter, "{style}{word}{style:#}: {}{separator}{}", self.place, self.text)
    }
}

/// Returns the number of errors and the number of notes.
pub fn counts(findings: &[Finding]) -> [usize; 2] {
    let wrong = findings.iter().filter(|finding| finding.is_wrong()).count();
    [wrong, findings.len() - wrong]
}
