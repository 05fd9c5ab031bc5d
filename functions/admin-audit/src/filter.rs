//! The filter for entries.

use chrono::{DateTime, NaiveTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use shared::ApiError;
use shared::audit::Action;
use shared::errors::bad_request;
use shared::iso8601;
use shared::paging;
use shared::time::has_four_digit_year;
use utoipa::IntoParams;

/// The unparsed query parameters.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Parameters {
    /// Only entries of this action.
    #[param(value_type = Option<Action>, inline)]
    action: Option<String>,
    /// Only entries since this day or time (RFC 3339).
    since: Option<String>,
    /// 1 to 1000; 100 by default.
    #[param(value_type = Option<u32>, minimum = 1)]
    limit: Option<String>,
    /// `next_cursor` of the previous page.
    #[param(value_type = Option<i64>)]
    cursor: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Filter {
    pub action: Option<Action>,
    pub since: Option<DateTime<Utc>>,
    pub limit: usize,
    pub before: Option<i64>,
}

impl Filter {
    /// Parses the parameters. Fails with 400 naming the one that is wrong.
    pub(crate) fn of(parameters: &Parameters) -> Result<Self, ApiError> {
        let action = parameters.action.as_deref().map(|text| {
            serde_json::from_value(Value::from(text)).map_err(|_| bad_request("action: there is no such action"))
        });
        let since = parameters.since.as_deref().map(|text| {
            time(text).ok_or_else(|| bad_request("since: expected a day, or a time with its zone (RFC 3339)"))
        });
        Ok(Self {
            action: action.transpose()?,
            since: since.transpose()?,
            limit: paging::limit(parameters.limit.as_deref())?,
            before: paging::cursor(parameters.cursor.as_deref())?,
        })
    }

    /// Returns the link to the page after `cursor` (RFC 8288).
    pub(crate) fn url(&self, cursor: i64) -> String {
        let action = self.action.map(|action| format!("&action={}", action.as_str())).unwrap_or_default();
        let since =
            self.since.map(|since| format!("&since={}", since.format("%Y-%m-%dT%H:%M:%S%.6fZ"))).unwrap_or_default();
        format!("</admin/audit?limit={}&cursor={cursor}{action}{since}>; rel=\"next\"", self.limit)
    }
}

/// Parses a day or a time in the years 1 to 9999; chrono accepts years that PostgreSQL cannot store.
fn time(text: &str) -> Option<DateTime<Utc>> {
    let time = DateTime::parse_from_rfc3339(text).map(|time| time.to_utc());
    let time = time.or_else(|_| iso8601::date(text).map(|day| day.and_time(NaiveTime::MIN).and_utc()).ok_or(())).ok();
    time.filter(has_four_digit_year)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(name: &str, value: &str) -> Result<Filter, String> {
        let given = |parameter| (parameter == name).then(|| value.to_owned());
        let parameters = Parameters {
            action: given("action"),
            since: given("since"),
            limit: given("limit"),
            cursor: given("cursor"),
        };
        Filter::of(&parameters).map_err(|error| error.to_string())
    }

    #[test]
    fn an_error_names_the_parameter() {
        for (name, value) in [
            ("action", "dance"),
            ("since", "yesterday"),
            ("limit", "0"),
            ("limit", "-1"),
            ("limit", "x"),
            ("cursor", "x"),
        ] {
            let refusal = filter(name, value).unwrap_err();
            assert!(refusal.starts_with(&format!("400 Bad Request: {name}: ")), "{name}={value}: {refusal}");
        }
    }

    #[test]
    fn since_is_a_day_or_a_time() {
        let midnight: DateTime<Utc> = "2026-11-23T00:00:00Z".parse().unwrap();

        for text in ["2026-11-23", "2026-11-23T00:00:00Z", "2026-11-23T01:00:00+01:00"] {
            assert_eq!(filter("since", text).unwrap().since, Some(midnight), "{text}");
        }
    }

    #[test]
    fn caps_the_limit() {
        assert_eq!(filter("limit", "1001").unwrap().limit, 1000);
        assert_eq!(filter("", "").unwrap().limit, 100);
    }

    #[test]
    fn the_next_page_has_the_same_filter() {
        let url = filter("action", "data.export").unwrap().url(7);

        assert_eq!(url, "</admin/audit?limit=100&cursor=7&action=data.export>; rel=\"next\"");
    }
}
