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
mod tests {
    use super::*;
    use std::sync::Mutex;

    fn request(limit: Option<&str>, cursor: Option<&str>) -> Result<PageRequest, String> {
        let parameters = PageParameters { limit: limit.map(str::to_owned), cursor: cursor.map(str::to_owned) };
        PageRequest::of(&parameters).map_err(|error| error.to_string())
    }

    fn page(request: PageRequest, rows: i32, answers: AnswerLimit) -> (usize, Option<Option<i32>>) {
        let rows: Vec<i32> = (1..=rows).collect();
        let fitting = answers.rows_that_fit(&rows).unwrap();
        let page = request.page(rows, fitting, |row| *row);
        (page.rows.len(), page.next_cursor)
    }

    #[test]
    fn an_error_names_the_parameter() {
        for (limit, cursor, name) in [
            (Some("0"), None, "limit"),
            (Some("x"), None, "limit"),
            (Some(""), None, "limit"),
            (None, Some("x"), "cursor"),
        ] {
            let refusal = request(limit, cursor).unwrap_err();
            assert!(refusal.starts_with(&format!("400 Bad Request: {name}: ")), "{refusal}");
        }
    }

    #[test]
    fn a_page_has_the_cursor_of_the_next_one() {
        let three = request(Some("3"), None).unwrap();

        assert_eq!(page(three, 4, AnswerLimit::default()), (3, Some(Some(3))));
        assert_eq!(page(three, 3, AnswerLimit::default()), (3, Some(None)));
    }

    #[test]
    fn a_list_without_paging_is_complete_unless_it_is_too_large() {
        let all = request(None, None).unwrap();

        assert_eq!(page(all, 5000, AnswerLimit::default()), (5000, None));
        let (rows, next_cursor) = page(all, 5000, AnswerLimit::of(20_000));
        assert!((500..1500).contains(&rows), "16 KB are reserved, and each row has 2 to 5 bytes: {rows}");
        assert_eq!(next_cursor, Some(Some(i32::try_from(rows).unwrap())));
    }

    /// Reads a page of `list`. Returns the number of rows on it, its cursor, and how many rows each statement wanted.
    async fn read(
        request: PageRequest,
        list: &[(i32, String)],
        answers: AnswerLimit,
    ) -> (usize, Option<Option<i32>>, Vec<Option<i64>>) {
        let wanted = Mutex::new(Vec::new());
        let read = async |after: Option<i32>, most: Option<i64>| {
            wanted.lock().unwrap().push(most);
            let behind = list.iter().filter(|(key, _)| after.is_none_or(|after| *key > after));
            Ok(behind.take(most.map_or(usize::MAX, |most| usize::try_from(most).unwrap())).cloned().collect())
        };
        let page = request.read(answers, |(key, _)| *key, read).await.unwrap();
        (page.rows.len(), page.next_cursor, wanted.into_inner().unwrap())
    }

    #[tokio::test]
    async fn a_function_reads_only_a_few_large_rows() {
        let list: Vec<_> = (1..=300).map(|key| (key, "x".repeat(300_000))).collect();

        let (all, ten) = (request(None, None).unwrap(), request(Some("1000"), Some("10")).unwrap());

        assert_eq!(read(all, &list, AnswerLimit::of(1_000_000)).await, (3, Some(Some(3)), vec![Some(16)]));
        assert_eq!(read(ten, &list, AnswerLimit::of(1_000_000)).await, (3, Some(Some(13)), vec![Some(16)]));
        assert_eq!(read(all, &list, AnswerLimit::default()).await, (300, None, vec![None]));
    }

    #[tokio::test]
    async fn a_page_of_small_rows_takes_few_statements() {
        let list: Vec<_> = (1..=200).map(|key| (key, "x".to_owned())).collect();
        let (all, page) = (request(None, None).unwrap(), request(Some("100"), None).unwrap());
        let answers = AnswerLimit::of(1_000_000);

        assert_eq!(read(all, &list, answers).await, (200, None, vec![Some(16), Some(48), Some(192)]));
        assert_eq!(read(page, &list, answers).await, (100, Some(Some(100)), vec![Some(16), Some(48), Some(37)]));
    }

    #[test]
    fn rows_beside_a_large_answer_are_linked_if_none_fits() {
        let request = PageRequest::beside_the_rest();
        let (rows, next_cursor) = page(request, 3, AnswerLimit::of(16 * 1024));

        let response = request.linked((), "/runs", "", next_cursor);

        assert_eq!(rows, 0);
        assert_eq!(response.headers()[header::LINK], "</runs?limit=100>; rel=\"next\"");
        assert!(!request.linked((), "/runs", "", None).headers().contains_key(header::LINK));
    }

    #[test]
    fn caps_the_limit() {
        assert_eq!(request(Some("1001"), None), request(Some("1000"), None));
        assert_eq!(request(None, Some("7")), Ok(PageRequest { limit: Some(100), after: Some(7), may_be_empty: false }));
    }
}
