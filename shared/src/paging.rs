//! Pages of lists by keyset pagination: `limit` and `cursor`, the previous page's `next_cursor`.

use std::str::FromStr;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::answer_limit::AnswerLimit;
use crate::errors::{ApiError, bad_request};

const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 1000;

/// How many rows a function reads first. A single row may have a megabyte, as much as the whole answer.
const FIRST_BATCH: usize = 16;

/// The unparsed query parameters.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParameters {
    /// Rows per page, 1 to 1000; 100 if there is only a cursor. Without both, the list is complete if it fits into one
    /// answer.
    #[param(value_type = Option<u32>, minimum = 1)]
    limit: Option<String>,
    /// `next_cursor` of the previous page.
    #[param(value_type = Option<i32>)]
    cursor: Option<String>,
}

/// The rows of a list that are requested.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PageRequest {
    limit: Option<usize>,
    /// The key of the row before the first one.
    pub after: Option<i32>,
    /// Whether a page may have no rows although there are some.
    may_be_empty: bool,
}

impl PageRequest {
    /// Parses the parameters. Fails with 400 naming the one that is wrong.
    pub fn of(parameters: &PageParameters) -> Result<Self, ApiError> {
        let given = parameters.limit.is_some() || parameters.cursor.is_some();
        let limit = if given { Some(limit(parameters.limit.as_deref())?) } else { None };
        Ok(Self { limit, after: cursor(parameters.cursor.as_deref())?, may_be_empty: false })
    }

    /// Returns a request for as many rows as fit beside the rest of an answer, possibly none.
    pub fn beside_the_rest() -> Self {
        Self { may_be_empty: true, ..Self::default() }
    }

    /// Reads a page with `read`, which gets the key of the row before the first one, and how many rows to read; `None`
    /// means all. If the rows do not fit into an answer, the page has fewer than requested.
    ///
    /// In Lambda, a page of more than 16 rows is read in several round trips, to bound the memory that large rows take.
    pub async fn read<T, Read, Rows>(
        &self,
        answers: AnswerLimit,
        key: impl Fn(&T) -> i32,
        read: Read,
    ) -> Result<Page<T>, ApiError>
    where
        T: Serialize,
        Read: Fn(Option<i32>, Option<i64>) -> Rows,
        Rows: Future<Output = Result<Vec<T>, sqlx::Error>>,
    {
        // one row more than the page has shows whether there is a next page
        let most = self.limit.map(|limit| limit + 1);
        let mut rows = Vec::new();
        loop {
            let left = most.map(|most| most - rows.len());
            let batch = answers.is_limited().then(|| FIRST_BATCH.max(3 * rows.len()));
            let wanted = left.into_iter().chain(batch).min();
            let after = rows.last().map(&key).or(self.after);
            let found = read(after, wanted.map(|wanted| i64::try_from(wanted).unwrap_or(i64::MAX))).await?;
            let is_end = wanted.is_none_or(|wanted| found.len() < wanted);
            rows.extend(found);
            let fitting = answers.rows_that_fit(&rows)?;
            if is_end || most == Some(rows.len()) || fitting < rows.len() {
                return Ok(self.page(rows, fitting, key));
            }
        }
    }

    /// Turns the rows read into a page, of which the first `fitting` fit into an answer.
    fn page<T>(&self, mut rows: Vec<T>, fitting: usize, key: impl Fn(&T) -> i32) -> Page<T> {
        let read = rows.len();
        rows.truncate(self.limit.unwrap_or(read));
        // the Lambda interface reports a single row that is too large
        rows.truncate(if self.may_be_empty { fitting } else { fitting.max(1) });
        let next_cursor = rows.last().filter(|_| rows.len() < read).map(key);
        let has_cursor = self.limit.is_some() || rows.len() < read;
        Page { rows, next_cursor: has_cursor.then_some(next_cursor) }
    }

    /// Adds the link to the next page (RFC 8288) to `answer`: `path` with `limit`, `cursor` and the handler's `own`
    /// parameters. Without a row beside the rest of the answer, the next page is the first one of `path`.
    pub fn linked(
        &self,
        answer: impl IntoResponse,
        path: &str,
        own: &str,
        next_cursor: Option<Option<i32>>,
    ) -> Response {
        let mut response = answer.into_response();
        let cursor = match next_cursor {
            Some(Some(cursor)) => format!("&cursor={cursor}"),
            Some(None) if self.may_be_empty => String::new(),
            _ => return response,
        };
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        let link = format!("<{path}?limit={limit}{cursor}{own}>; rel=\"next\"");
        if let Ok(link) = HeaderValue::try_from(link) {
            response.headers_mut().insert(header::LINK, link);
        }
        response
    }
}

/// One page of a list.
#[derive(Debug)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// The cursor of the next page; null on the last page; absent from a complete list that was requested without
    /// paging.
    pub next_cursor: Option<Option<i32>>,
}

/// Parses `limit`, at least 1; the default is 100, and larger values become 1000.
pub fn limit(text: Option<&str>) -> Result<usize, ApiError> {
    match text.map(str::parse) {
        None => Ok(DEFAULT_LIMIT),
        Some(Ok(limit)) if limit > 0 => Ok(MAX_LIMIT.min(limit)),
        Some(_) => Err(bad_request("limit: expected a whole number from 1")),
    }
}

/// Parses `cursor`.
pub fn cursor<T: FromStr>(text: Option<&str>) -> Result<Option<T>, ApiError> {
    text.map(|text| text.parse().map_err(|_| unknown_cursor())).transpose()
}

/// Returns the error for a cursor that no page has returned.
pub fn unknown_cursor() -> ApiError {
    bad_request("cursor: expected the next_cursor of a page")
}

#[cfg(test)]
mod tests;
