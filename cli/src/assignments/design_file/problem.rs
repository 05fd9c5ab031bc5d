/// Rows that the design could not have produced, with the reason.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// Lines in the file; the header is 1. Empty if rows are missing.
    pub rows: Vec<u64>,
    pub text: String,
}

impl Problem {
    pub fn new(rows: Vec<u64>, text: impl Into<String>) -> Self {
        Self { rows, text: text.into() }
    }
}
