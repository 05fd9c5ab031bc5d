//! The parameters of an export: `limit`, `offset` or `cursor`, and `since`. Others are ignored; the first of a repeated
//! parameter counts.

use std::num::IntErrorKind;

use chrono::{DateTime, Utc};
use shared::ApiError;
use shared::errors::bad_request;
use utoipa::IntoParams;

use crate::cursor::Cursor;
use crate::resource::Resource;
use crate::since;

pub(crate) const DEFAULT_LIMIT: i64 = 1000;
const MAX_LIMIT: i64 = 10_000;

/// The parameters of every export, for the OpenAPI document; [`PageRequest::of`] reads them.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only the derived parameters are used")]
pub(crate) struct PageParameters {
    /// Rows per page; values above 10,000 count as 10,000.
    #[param(minimum = 1, default = 1000)]
    limit: Option<i64>,
    /// Rows before the page; 0 by default. Cannot be combined with `cursor`.
    // not `default = 0`: generated clients would send the default even with a cursor
    #[param(minimum = 0)]
    offset: Option<i64>,
    /// `next_cursor` of the previous page; empty for the first page. With a cursor, all pages take equally long.
    cursor: Option<String>,
}

/// The parameter of exports whose rows have a time, for the OpenAPI document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only the derived parameters are used")]
pub(crate) struct SinceParameter {
    /// Only rows since this date or time (ISO 8601; UTC unless it has a zone).
    #[param(example = "2026-03-01T00:00:00Z")]
    since: Option<String>,
}

/// The parameter of the export of answers, for the OpenAPI document; [`includes_assignment`] reads it.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only the derived parameters are used")]
pub(crate) struct IncludeParameter {
    /// `assignment` adds the assignment's values at the time of the answer.
    #[param(example = "assignment", pattern = "^(assignment)?$")]
    include: Option<String>,
}

/// Returns whether the caller requests the columns of the assignment. Any other `include` is a 400.
pub(crate) fn includes_assignment(parameters: &[(String, String)]) -> Result<bool, ApiError> {
    match parameters.iter().find(|(name, _)| name == "include").map(|(_, value)| value.as_str()) {
        None | Some("") => Ok(false),
        Some("assignment") => Ok(true),
        Some(_) => Err(bad_request("include: expected assignment")),
    }
}

/// The requested page.
#[derive(Debug, PartialEq)]
pub(crate) struct PageRequest {
    /// 1 to 10,000 rows.
    pub limit: i64,
    pub start: Start,
    pub since: Option<DateTime<Utc>>,
}

/// The start of a page.
#[derive(Debug, PartialEq)]
pub(crate) enum Start {
    /// After this many rows.
    Offset(i64),
    /// After the row of a cursor, or at the first row without one.
    Cursor(Option<Cursor>),
}

impl PageRequest {
    /// Parses the parameters. Fails with 400 naming the one that is wrong.
    pub(crate) fn of<R: Resource>(parameters: &[(String, String)]) -> Result<Self, ApiError> {
        let parameter =
            |name: &str| parameters.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str());
        let start = match (parameter("cursor"), parameter("offset")) {
            (Some(_), Some(_)) => return Err(bad_request("offset: not together with cursor")),
            (Some(""), None) => Start::Cursor(None),
            (Some(cursor), None) => Start::Cursor(Some(Cursor::decode(cursor, R::PATH)?)),
            (None, offset) => Start::Offset(offset.map_or(Ok(0), |text| whole_number("offset", text, 0))?),
        };
        // larger limits are reduced to the maximum
        let limit = parameter("limit").map_or(Ok(DEFAULT_LIMIT), |text| whole_number("limit", text, 1))?.min(MAX_LIMIT);
        let since = parameter("since").filter(|text| R::HAS_SINCE && !text.is_empty());
        let since = since
            .map(|text| since::parse(text).ok_or_else(|| bad_request("since: not a date or time of ISO 8601")))
            .transpose()?;
        Ok(Self { limit, start, since })
    }

    /// Returns how many rows are skipped.
    pub(crate) fn offset(&self) -> i64 {
        match self.start {
            Start::Offset(offset) => offset,
            Start::Cursor(_) => 0,
        }
    }

    /// Returns the cursor before the page.
    pub(crate) fn cursor(&self) -> Option<&Cursor> {
        match &self.start {
            Start::Offset(_) => None,
            Start::Cursor(cursor) => cursor.as_ref(),
        }
    }
}

fn whole_number(name: &str, text: &str, least: i64) -> Result<i64, ApiError> {
    let number = match text.trim().parse::<i64>() {
        Err(error) if *error.kind() == IntErrorKind::PosOverflow => i64::MAX,
        Err(_) => return Err(bad_request(format!("{name}: not a whole number"))),
        Ok(number) => number,
    };
    if number >= least { Ok(number) } else { Err(bad_request(format!("{name}: at least {least}"))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answers::Answers;
    use crate::participants::Participants;

    fn request<R: Resource>(query: &[(&str, &str)]) -> Result<PageRequest, String> {
        let owned: Vec<_> = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        PageRequest::of::<R>(&owned).map_err(|error| error.to_string())
    }

    #[test]
    fn defaults_to_the_first_thousand_rows() {
        assert_eq!(request::<Answers>(&[]), Ok(PageRequest { limit: 1000, start: Start::Offset(0), since: None }));
    }

    #[test]
    fn reads_the_first_of_repeated_parameters_and_ignores_unknown_ones() {
        let request = request::<Answers>(&[("limit", "2"), ("limit", "x"), ("page", "7")]).unwrap();

        assert_eq!(request.limit, 2);
    }

    #[test]
    fn caps_the_limit() {
        for limit in ["10000", "10001", "99999999999999999999"] {
            assert_eq!(request::<Answers>(&[("limit", limit)]).unwrap().limit, 10_000, "{limit}");
        }
    }

    #[test]
    fn an_error_names_the_parameter() {
        for (name, value) in [
            ("limit", "0"),
            ("limit", "-1"),
            ("limit", "1.5"),
            ("limit", "ten"),
            ("limit", ""),
            ("offset", "-1"),
            ("offset", "x"),
            ("since", "yesterday"),
            ("cursor", "garbage"),
        ] {
            let refusal = request::<Answers>(&[(name, value)]).unwrap_err();
            assert!(refusal.starts_with(&format!("400 Bad Request: {name}: ")), "{name}={value}: {refusal}");
        }
    }

    #[test]
    fn a_cursor_and_an_offset_exclude_each_other() {
        assert!(request::<Answers>(&[("cursor", ""), ("offset", "0")]).is_err());
    }

    #[test]
    fn ignores_since_for_rows_without_a_time() {
        assert_eq!(request::<Participants>(&[("since", "garbage")]).unwrap().since, None);
    }
}
