//! The three times of a reviewed case, and the durations between them.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use shared::time::has_four_digit_year;
use shared::{ApiError, Business, errors};

/// Times in chronological order.
#[derive(Debug)]
pub(crate) struct Timing {
    pub case_open: DateTime<Utc>,
    pub answer_open: DateTime<Utc>,
    pub answer_submit: DateTime<Utc>,
}

/// Returns a field that is present and not empty; fails with 1030 otherwise.
pub(crate) fn required(field: Option<String>) -> Result<String, ApiError> {
    field
        .filter(|text| !text.is_empty())
        .ok_or_else(|| Business::InvalidAnalytics.with_detail("Missing analytics metrics fields"))
}

impl Timing {
    /// Parses the times. Missing fields are reported before malformed ones.
    pub(crate) fn parse(
        case_open: Option<String>,
        answer_open: Option<String>,
        answer_submit: Option<String>,
    ) -> Result<Self, ApiError> {
        let [case_open, answer_open, answer_submit] =
            [required(case_open)?, required(answer_open)?, required(answer_submit)?];
        let timing = Self {
            case_open: parse(&case_open)?,
            answer_open: parse(&answer_open)?,
            answer_submit: parse(&answer_submit)?,
        };
        if timing.answer_open < timing.case_open {
            return Err(errors::bad_request("answerOpenTime: is before caseOpenTime"));
        }
        if timing.answer_submit < timing.answer_open {
            return Err(errors::bad_request("answerSubmitTime: is before answerOpenTime"));
        }
        Ok(timing)
    }

    pub(crate) fn to_answer_open_secs(&self) -> f64 {
        seconds(self.answer_open - self.case_open)
    }

    pub(crate) fn to_submit_secs(&self) -> f64 {
        seconds(self.answer_submit - self.answer_open)
    }

    pub(crate) fn total_duration_secs(&self) -> f64 {
        seconds(self.answer_submit - self.case_open)
    }
}

fn seconds(duration: TimeDelta) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "2^53 microseconds are 285 years")]
    duration.num_microseconds().map_or(f64::MAX, |microseconds| microseconds as f64 / 1e6)
}

/// Parses `YYYY-MM-DDTHH:MM:SS.ffffffZ` with 1 to 6 fraction digits (contract section 3).
fn parse(text: &str) -> Result<DateTime<Utc>, ApiError> {
    let has_shape = (22..=27).contains(&text.len())
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            10 => byte == b'T',
            13 | 16 => byte == b':',
            19 => byte == b'.',
            _ if at == text.len() - 1 => byte == b'Z',
            _ => byte.is_ascii_digit(),
        })
        // refuse leap seconds, which chrono reads and PostgreSQL does not store
        && text.get(17..19) != Some("60");
    let time = has_shape.then(|| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.fZ").ok()).flatten();
    time.filter(has_four_digit_year)
        .map(|time| time.and_utc())
        .ok_or_else(|| Business::InvalidAnalytics.with_detail("Bad timestamp format for analytics"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(open: &str, answer: &str, submit: &str) -> Result<Timing, ApiError> {
        Timing::parse(Some(open.to_owned()), Some(answer.to_owned()), Some(submit.to_owned()))
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "the values are exactly representable")]
    fn durations_are_exact_to_the_microsecond() {
        let timing =
            times("2024-10-15T14:23:01.0Z", "2024-10-15T14:25:47.250Z", "2024-10-15T14:28:33.123456Z").unwrap();

        assert_eq!(timing.to_answer_open_secs(), 166.25);
        assert_eq!(timing.to_submit_secs(), 165.873_456);
        assert_eq!(timing.total_duration_secs(), 332.123_456);
    }

    #[test]
    fn accepts_equal_times() {
        let time = "2024-10-15T14:23:01.0Z";

        assert!(times(time, time, time).is_ok());
    }

    #[test]
    fn refuses_other_formats() {
        for odd in [
            "soon",
            "2024-10-15T14:23:01Z",
            "2024-10-15T14:23:01.Z",
            "2024-10-15T14:23:01.1234567Z",
            "2024-10-15 14:23:01.0Z",
            "2024-10-15T14:23:01.0+00:00",
            "2024-02-30T14:23:01.0Z",
            "2024-10-15T24:00:00.0Z",
            "2024-10-15T14:23:60.0Z",
            "0000-10-15T14:23:01.0Z",
        ] {
            assert!(parse(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn names_the_time_that_is_out_of_order() {
        let error = times("2024-10-15T15:00:00.0Z", "2024-10-15T14:00:00.0Z", "2024-10-15T16:00:00.0Z").unwrap_err();

        assert!(error.to_string().contains("answerOpenTime"));
    }
}
