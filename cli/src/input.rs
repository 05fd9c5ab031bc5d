//! Reads input files.

use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::failure::Failure;

/// A file, or standard input (`-`).
#[derive(Clone, Debug)]
pub struct Input(PathBuf);

impl FromStr for Input {
    type Err = std::convert::Infallible;

    fn from_str(path: &str) -> Result<Self, Self::Err> {
        Ok(Self(path.into()))
    }
}

impl fmt::Display for Input {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_stdin() { formatter.write_str("standard input") } else { self.0.display().fmt(formatter) }
    }
}

impl Input {
    fn is_stdin(&self) -> bool {
        self.0 == Path::new("-")
    }

    /// Reads the whole file.
    pub fn read(&self) -> Result<Vec<u8>, Failure> {
        let mut content = Vec::new();
        let read = if self.is_stdin() {
            std::io::stdin().read_to_end(&mut content).map(|_| content)
        } else {
            std::fs::read(&self.0)
        };
        read.map_err(|error| Failure::new(format!("{self}: {error}")))
    }

    /// Reads the whole file as text, without the byte order mark that spreadsheets add. Line ends are converted to line feeds, including
    /// the lone carriage returns of old Macs.
    pub fn read_text(&self) -> Result<String, Failure> {
        let text = String::from_utf8(self.read()?).map_err(|error| {
            let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = before.split(|byte| *byte == b'\n').count();
            Failure::new(format!("{self}: line {line}: not UTF-8 text"))
                .with_remedy("a spreadsheet saves it as \"CSV UTF-8\"")
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        Ok(text.replace("\r\n", "\n").replace('\r', "\n"))
    }

    /// Returns a failure that names this file.
    pub fn failure(&self, problem: impl fmt::Display) -> Failure {
        Failure::new(format!("{self}: {problem}"))
    }
}
