//! Formats numbers and durations for people.

use indicatif::HumanCount;

use super::model::{Quartiles, Work};

/// Formats as `12,345`.
pub fn count(number: impl TryInto<u64>) -> String {
    HumanCount(number.try_into().unwrap_or_default()).to_string()
}

/// Formats 185 seconds as `3:05`, an hour and two minutes as `1:02:00`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "of seconds")]
pub fn duration(seconds: f64) -> String {
    let seconds = seconds.max(0.0).round() as u64;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, minutes, seconds) => format!("{minutes}:{seconds:02}"),
        (hours, minutes, seconds) => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

/// Formats as `3:05 (2:10–4:40)`; empty without timings.
pub fn quartiles(quartiles: Option<Quartiles>) -> String {
    let words =
        |Quartiles { lower, median, upper }| format!("{} ({}–{})", duration(median), duration(lower), duration(upper));
    quartiles.map(words).unwrap_or_default()
}

/// Formats as `2 of 3`; empty before the first attention check.
pub fn checks(work: &Work) -> String {
    match work.checks_passed + work.checks_failed {
        0 => String::new(),
        all => format!("{} of {all}", work.checks_passed),
    }
}

/// Returns a percentage rounded down, so that 100 means everything.
pub fn percent(part: i64, whole: i64) -> i64 {
    if whole <= 0 { 0 } else { part * 100 / whole }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_minutes_and_seconds() {
        assert_eq!([0.4, 59.6, 185.0, 3720.0].map(duration), ["0:00", "1:00", "3:05", "1:02:00"]);
    }

    #[test]
    fn a_hundred_percent_means_everything() {
        assert_eq!((percent(999, 1000), percent(5, 5), percent(0, 0)), (99, 100, 0));
    }
}
