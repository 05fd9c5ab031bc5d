//! The result of one check.

use std::fmt;

use anstyle::AnsiColor;
use serde::Serialize;

/// Severity of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// No problem.
    Good,
    /// It works, and may be intended.
    Warning,
    /// Something will not work.
    Failed,
}

/// A check, its result, and what to do.
#[derive(Debug, Serialize)]
pub struct Diagnosis {
    pub check: &'static str,
    pub health: Health,
    pub finding: String,
    pub remedy: Option<String>,
}

impl Diagnosis {
    pub fn good(check: &'static str, finding: impl Into<String>) -> Self {
        Self { check, health: Health::Good, finding: finding.into(), remedy: None }
    }

    pub fn warning(check: &'static str, finding: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, health: Health::Warning, finding: finding.into(), remedy: Some(remedy.into()) }
    }

    pub fn failed(check: &'static str, finding: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { check, health: Health::Failed, finding: finding.into(), remedy: Some(remedy.into()) }
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mark, colour) = match self.health {
            Health::Good => ("good   ", AnsiColor::Green),
            Health::Warning => ("warning", AnsiColor::Yellow),
            Health::Failed => ("failed ", AnsiColor::Red),
        };
        let style = colour.on_default().bold();
        write!(formatter, "{style}{mark}{style:#}  {:<14} {}", self.check, self.finding)?;
        match &self.remedy {
            Some(remedy) => write!(formatter, "\n{:25}{remedy}", ""),
            None => Ok(()),
        }
    }
}
