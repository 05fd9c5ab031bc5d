//! What an answer may be at most. A load balancer takes 1 MB from a function, Lambda itself takes 6 MB, and the container may send as much as
//! there is. So a handler that writes asks before it commits: nothing is stored of which the caller would learn by a 413 only.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::Serialize;

use crate::errors::ApiError;

/// For the headers, the envelope and the fields around the body.
const REST_BYTES: usize = 16 * 1024;

/// The largest answer to a request, in bytes of the JSON that carries it. None in the container.
#[derive(Clone, Copy, Debug, Default)]
pub struct AnswerLimit {
    /// What is left of it for the answer that is looked at.
    left: Option<usize>,
    whole: usize,
}

impl AnswerLimit {
    /// For requests that a function answers with at most `bytes`.
    pub(crate) fn of(bytes: usize) -> Self {
        Self { left: Some(bytes), whole: bytes }
    }

    /// Whether there is one.
    pub fn is_limited(self) -> bool {
        self.left.is_some()
    }

    /// What is left of an answer of which `other` is a part, too.
    pub fn beside(self, other: &impl Serialize) -> Result<Self, ApiError> {
        let Some(limit) = self.left else { return Ok(self) };
        let size = size_as_text(other).map_err(|error| ApiError::Fault(format!("answer: {error}")))?;
        Ok(Self { left: Some(limit.saturating_sub(size)), ..self })
    }

    /// How many of `rows`, from the first on, an answer has room for.
    pub fn rows_that_fit(self, rows: &[impl Serialize]) -> Result<usize, ApiError> {
        let Some(limit) = self.left else { return Ok(rows.len()) };
        let mut size = REST_BYTES;
        for (index, row) in rows.iter().enumerate() {
            // the quotes around the text are the comma behind it
            size += size_as_text(row).map_err(|error| ApiError::Fault(format!("answer: {error}")))?;
            if size > limit {
                return Ok(index);
            }
        }
        Ok(rows.len())
    }

    /// 413 where `answer` would not reach the caller.
    pub fn check(self, answer: &impl Serialize) -> Result<(), ApiError> {
        let Some(limit) = self.left else { return Ok(()) };
        let size = size_as_text(answer).map_err(|error| ApiError::Fault(format!("answer: {error}")))?;
        if size + REST_BYTES <= limit {
            return Ok(());
        }
        let most = in_words(self.whole);
        let message = format!("Nothing was stored: the answer would be larger than {most}. Send less at a time.");
        Err(ApiError::Request(StatusCode::PAYLOAD_TOO_LARGE, message))
    }
}

/// Says what a limit of so many bytes is.
pub(crate) fn in_words(bytes: usize) -> String {
    let taker = if bytes > 1_000_000 { "Lambda takes" } else { "a load balancer takes" };
    format!("{taker} from a function ({} MB)", bytes / 1_000_000)
}

/// An answer travels as text within JSON, where its quotes are escaped.
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
    fn an_answer_of_a_function_has_a_limit_and_one_of_the_container_has_none() {
        let answer = vec!["\"quoted\""; 1000];

        assert!(AnswerLimit::of(40_000).check(&answer).is_ok());
        assert!(AnswerLimit::of(30_000).check(&answer).is_err(), "16 characters each, and 16 KB for the rest");
        assert!(AnswerLimit::default().check(&answer).is_ok());
    }
}
