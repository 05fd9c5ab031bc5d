//! Times as the old system writes them.

use chrono::{NaiveDateTime, Timelike};

/// Python's `datetime.isoformat()`: microseconds are written only when there are some.
pub fn isoformat(time: NaiveDateTime) -> String {
    let format = if time.nanosecond() == 0 { "%Y-%m-%dT%H:%M:%S" } else { "%Y-%m-%dT%H:%M:%S%.6f" };
    time.format(format).to_string()
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
