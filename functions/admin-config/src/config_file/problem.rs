//! Why a file is invalid.

use shared::Business;
use shared::assignment::ALLOCATION_PROBABILITY;

use super::format::{CASE, MAX_ID_CHARACTERS, MAX_LABEL_CHARACTERS, MAX_USER_CHARACTERS, USER};

/// The first problem of a file.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("row {row}: {problem}")]
pub struct ConfigFileError {
    /// The line of the file, where the header is line 1.
    pub row: u64,
    /// The problem in this line.
    pub problem: Problem,
}

/// A problem with a row or with the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message documents each variant")]
pub enum Problem {
    #[error("the file is not UTF-8 text; a spreadsheet saves it as \"CSV UTF-8\"")]
    NotUtf8,
    #[error("the NUL character is not allowed; is the file UTF-16?")]
    Nul,
    #[error("the columns are separated by semicolons; they have to be separated by commas")]
    Semicolons,
    #[error("the columns are separated by tabs; they have to be separated by commas")]
    Tabs,
    #[error("the header has no column {0}")]
    NoColumn(&'static str),
    #[error("the file assigns nothing: no row has a Path")]
    NoAssignment,
    #[error("there are {cells} cells where the header has {columns}; is a quote not closed?")]
    FewCells { cells: usize, columns: usize },
    #[error("User is empty")]
    NoUser,
    #[error("User is longer than {MAX_USER_CHARACTERS} characters")]
    LongUser,
    #[error("Case No. is empty")]
    NoCase,
    #[error("Case No. is not an integer, or out of range")]
    CaseIsNoInteger,
    #[error("Top is not a number")]
    TopIsNoNumber,
    #[error("Top needs a Path of two segments at least")]
    TopOnRoot,
    #[error("{0} is longer than {MAX_LABEL_CHARACTERS} characters")]
    LongLabel(&'static str),
    #[error("Probability is not {ALLOCATION_PROBABILITY}")]
    ProbabilityOutOfRange,
    #[error("Run is not an integer, or out of range")]
    RunIsNoInteger,
    #[error("Assignment is longer than {MAX_ID_CHARACTERS} characters")]
    LongId,
    #[error("Assignment is empty, but another row of this User and Case No. has one")]
    NoId,
    /// Ids must be unique, but for example user `a-` with case 1 and user `a` with case -1 have the same one.
    #[error("two assignments have the same id")]
    SameId,
}

impl Problem {
    /// Returns the error code that clients see (contract section 1).
    pub fn business(self) -> Business {
        match self {
            Self::Semicolons | Self::Tabs | Self::NoColumn(USER) | Self::NoUser | Self::LongUser => {
                Business::InvalidUserEmail
            }
            Self::NoColumn(CASE) | Self::NoCase | Self::CaseIsNoInteger => Business::InvalidCaseId,
            _ => Business::ConfigFileIncorrect,
        }
    }

    pub(super) fn at(self, row: u64) -> ConfigFileError {
        ConfigFileError { row, problem: self }
    }
}
