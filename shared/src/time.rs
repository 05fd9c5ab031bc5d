//! Times as the old system writes them.

use chrono::{NaiveDateTime, Timelike};

/// Python's `datetime.isoformat()`: microseconds are written only when there are some.
pub fn isoformat(time: NaiveDateTime) -> String {
    // Debug of a date is ISO 8601; an export has six million times, and a pattern is read for each
    let seconds = format!("{:?}T{:02}:{:02}:{:02}", time.date(), time.hour(), time.minute(), time.second());
    match time.nanosecond() / 1000 {
        0 => seconds,
        microseconds => format!("{seconds}.{microseconds:06}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn microseconds_are_all_or_none() {
        let time = |text: &str| isoformat(text.parse().unwrap());

        assert_eq!(time("2024-06-01T12:34:56"), "2024-06-01T12:34:56");
        assert_eq!(time("2024-06-01T12:34:56.789"), "2024-06-01T12:34:56.789000");
    }
}
