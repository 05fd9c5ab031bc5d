//! The maximum size of an answer: 1 MB behind a load balancer, 6 MB from Lambda itself, unlimited in the container. A
//! handler that writes checks the size before it commits. Otherwise the change would be stored although its caller gets
//! a 413.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::Serialize;

use crate::errors::ApiError;

/// Room for the headers, the envelope and the fields around the body, in bytes.
const RESERVED_BYTES: usize = 16 * 1024;

/// The maximum size of an answer, in bytes of the JSON that carries it; unlimited in the container.
#[derive(Clone, Copy, Debug, Default)]
pub struct AnswerLimit {
    /// Bytes left for the answer under test; `None` means unlimited.
    remaining: Option<usize>,
    total: usize,
}

impl AnswerLimit {
    /// Returns the limit of a function that answers with at most `bytes`.
    pub(crate) fn of(bytes: usize) -> Self {
        Self { remaining: Some(bytes), total: bytes }
    }

    /// Returns whether there is a limit.
    pub fn is_limited(self) -> bool {
        self.remaining.is_some()
    }

    /// Returns what is left of the limit when `other` is part of the same answer.
    pub fn reserving(self, other: &impl Serialize) -> Result<Self, ApiError> {
        let Some(limit) = self.remaining else { return Ok(self) };
        let size = size_as_text(other).map_err(|error| ApiError::Fault(format!("answer: {error}")))?;
        Ok(Self { remaining: Some(limit.saturating_sub(size)), ..self })
    }

    /// Returns how many of `rows`, counted from the first, fit into one answer.
    pub fn rows_that_fit(self, rows: &[impl Serialize]) -> Result<usize, ApiError> {
        let Some(limit) = self.remaining else { return Ok(rows.len()) };
        let mut size = RESERVED_BYTES;
        for (index, row) in rows.iter().enumerate() {
            // the size includes two quotes, which make up for the comma after the row
            size += size_as_text(row).map_err(|error| ApiError::Fault(format!("answer: {error}")))?;
            if size > limit {
                return Ok(index);
            }
        }
        Ok(rows.len())
    }

    /// Fails with 413 if `answer` would be too large to reach the caller.
    pub fn check(self, answer: &impl Serialize) -> Result<(), ApiError> {
        let Some(limit) = self.remaining else { return Ok(()) };
        let size = size_as_text(answer).map_err(|error| ApiError::Fault(format!("answer: {error}")))?;
        if size + RESERVED_BYTES <= limit {
            return Ok(());
        }
        let limit = describe(self.total);
        let message = format!("Nothing was stored: the answer would be larger than {limit}. Send less at a time.");
        Err(ApiError::Request(StatusCode::PAYLOAD_TOO_LARGE, message))
    }
}

/// Describes a limit of `bytes` for an error message.
pub(crate) fn describe(bytes: usize) -> String {
    let receiver = if bytes > 1_000_000 { "Lambda takes" } else { "a load balancer takes" };
    format!("{receiver} from a function ({} MB)", bytes / 1_000_000)
}

/// Returns the size of an answer as text inside JSON, where its quotes are escaped.
fn size_as_text(answer: &impl Serialize) -> serde_json::Result<usize> {
    Ok(serde_json::to_string(&serde_json::to_string(answer)?)?.len())
}

impl<S: Send + Sync> FromRequestParts<S> for AnswerLimit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().copied().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_receiver_that_limits_the_answer() {
        assert_eq!(describe(1_000_000), "a load balancer takes from a function (1 MB)");
        assert_eq!(describe(6_000_000), "Lambda takes from a function (6 MB)");
    }

    #[test]
    fn a_row_fits_up_to_the_last_byte() {
        // two quotes with a backslash each, two around them, and the letter
        let (row, size) = (["x"], RESERVED_BYTES + 7);

        assert_eq!(AnswerLimit::of(size).rows_that_fit(&row).unwrap(), 1);
        assert_eq!(AnswerLimit::of(size - 1).rows_that_fit(&row).unwrap(), 0);
    }

    #[test]
    fn another_part_of_the_answer_leaves_less_for_the_rest() {
        let (part, limit) = (vec!["\"quoted\""; 500], AnswerLimit::of(40_000));

        assert_eq!(limit.rows_that_fit(&part).unwrap(), 500);
        assert!(limit.reserving(&vec!["\"quoted\""; 1000]).unwrap().rows_that_fit(&part).unwrap() < 500);
    }

    #[test]
    fn only_the_answers_of_functions_are_limited() {
        let answer = vec!["\"quoted\""; 1000];

        assert!(AnswerLimit::of(40_000).check(&answer).is_ok());
        assert!(AnswerLimit::of(30_000).check(&answer).is_err(), "16 bytes per entry, and 16 KB for the rest");
        assert!(AnswerLimit::default().check(&answer).is_ok());
    }
}
