//! Journal with a line for each completed request, so that an interrupted comparison can continue. It contains no keys or tokens, and
//! without `--show-values` no values.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::outcome::Outcome;
use crate::failure::Failure;

/// The file and its previous content.
#[derive(Debug, Default)]
pub struct Journal {
    file: Option<File>,
    done: BTreeMap<String, Outcome>,
}

/// The first line: settings that have to match to continue the file.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub struct Begun<'a> {
    pub old: &'a str,
    pub new: &'a str,
    pub sample: Option<u32>,
    pub page: u64,
    /// Whether differences include values.
    pub show_values: bool,
}

impl Journal {
    /// Opens or creates the file.
    pub fn open(path: &Path, begun: &Begun<'_>) -> Result<Self, Failure> {
        let failed = |error: io::Error| Failure::new(format!("{}: {error}", path.display()));
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        // with --show-values it contains clinical values
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(failed)?;
        let mut lines = String::new();
        file.read_to_string(&mut lines).map_err(failed)?;
        let mut lines = lines.lines();
        let first = match lines.next() {
            // after the last line, which may be incomplete
            Some(first) if serde_json::from_str::<Begun<'_>>(first).is_ok_and(|found| found == *begun) => String::new(),
            Some(_) => {
                let problem = format!("{} belongs to another comparison", path.display());
                let remedy = "name another file, or give the same addresses, --sample, --page and --show-values";
                return Err(Failure::new(problem).with_remedy(remedy));
            }
            None => serde_json::to_string(begun).unwrap_or_default(),
        };
        writeln!(file, "{first}").map_err(failed)?;
        // the request of an incomplete line is repeated
        let outcomes = lines.filter_map(|line| serde_json::from_str::<Outcome>(line).ok());
        let done = outcomes.map(|outcome| (outcome.key(), outcome)).collect();
        Ok(Self { file: Some(file), done })
    }

    /// Returns the outcome of a request in an earlier run.
    pub fn outcome(&self, key: &str) -> Option<&Outcome> {
        self.done.get(key)
    }

    /// Appends an outcome.
    pub fn note(&mut self, outcome: &Outcome) -> Result<(), Failure> {
        if let Some(file) = &mut self.file {
            writeln!(file, "{}", serde_json::to_string(outcome).unwrap_or_default())?;
        }
        Ok(())
    }
}
