//! `since`, parsed like Python 3.11's `datetime.fromisoformat`. No crate accepts exactly the same text: week dates,
//! basic forms and any separator between date and time, but nothing else.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};
use shared::iso8601::{self, Scanner};

/// Parses a time. Without an offset it is UTC; a day is its midnight.
pub fn parse(text: &str) -> Option<DateTime<Utc>> {
    let (date, rest) = text.split_at_checked(date_length(text.as_bytes())?)?;
    let date = parse_date(date)?;
    let mut rest = rest.chars();
    let (time, offset) =
        if rest.next().is_some() { iso8601::time(rest.as_str())? } else { (NaiveTime::MIN, TimeDelta::zero()) };
    date.and_time(time).and_utc().checked_sub_signed(offset)
}

/// Returns the length of the date. Any character may follow it, so its end must be derived from its form.
fn date_length(text: &[u8]) -> Option<usize> {
    let is_digit = |at: usize| text.get(at).is_some_and(u8::is_ascii_digit);
    let length = match (text.get(4)?, text.get(5)?) {
        (b'-', b'W') if text.get(8) == Some(&b'-') => {
            if text.len() == 9 {
                return None;
            }
            // 2024-W18-4, or 2024-W18-12:00, where the hyphen separates date and time
            if is_digit(10) { 8 } else { 10 }
        }
        (b'-', b'W') => 8,
        (b'-', _) => 10,
        (b'W', _) => match (7..text.len()).find(|&at| !is_digit(at)).unwrap_or(text.len()) {
            end @ ..9 => end,
            // the time has an even number of digits
            end if end % 2 == 0 => 7,
            _ => 8,
        },
        _ => 8,
    };
    Some(length)
}

fn parse_date(text: &str) -> Option<NaiveDate> {
    let is_week = text.get(4..).is_some_and(|rest| rest.starts_with('W') || rest.starts_with("-W"));
    if !is_week {
        return iso8601::date(text);
    }
    let mut text = Scanner(text);
    let year = i32::try_from(text.digits(4, 1..=9999)?).ok()?;
    let is_extended = text.take('-');
    text.take('W');
    let week = text.digits(2, 1..=53)?;
    let monday = NaiveDate::from_isoywd_opt(year, week, Weekday::Mon)?;
    if text.0.is_empty() {
        return Some(monday);
    }
    if text.take('-') != is_extended {
        return None;
    }
    let date = monday + Days::new(u64::from(text.digits(1, 1..=7)?) - 1);
    text.0.is_empty().then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_what_python_3_11_accepts() {
        for (text, moment) in [
            ("2024-05-02", "2024-05-02T00:00:00Z"),
            ("20240502T1030", "2024-05-02T10:30:00Z"),
            ("2024-W18-4", "2024-05-02T00:00:00Z"),
            ("2024W184x10", "2024-05-02T10:00:00Z"),
            ("2024-W18-12:00", "2024-04-29T12:00:00Z"),
            ("2024W18", "2024-04-29T00:00:00Z"),
            ("2024-W18", "2024-04-29T00:00:00Z"),
            ("2024-W18T12", "2024-04-29T12:00:00Z"),
            // digits separate date and time: 4 follows the week, 1 follows the day
            ("2024W1841030", "2024-04-29T10:30:00Z"),
            ("2024W18411030", "2024-05-02T10:30:00Z"),
            ("2024-05-02 10:00:00,5", "2024-05-02T10:00:00.5Z"),
            ("2024-05-02T10:00:00.123456789", "2024-05-02T10:00:00.123456Z"),
            ("2024-05-02T10:00:00-05:30", "2024-05-02T15:30:00Z"),
        ] {
            assert_eq!(parse(text), Some(moment.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn refuses_what_python_3_11_refuses() {
        for text in [
            "",
            "2024-05",
            "2024-123",
            "2024-02-30",
            "2024-05-02 ",
            "2024-05-02T24:00",
            "2024-05-02T10:00z",
            "10:00:00",
            "ü2024-05-02",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
