//! Dates and times of ISO 8601 with four-digit years.
//!
//! PostgreSQL and chrono accept more: `3/4/26`, `now`, `infinity`, `0044-03-15 BC` or `+12026-03-03`. Ambiguous text
//! (is `3/4/26` in March or in April?) must be refused, so everything that becomes a date is parsed here first.

use std::ops::RangeInclusive;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

/// Reads `YYYY-MM-DD` or `YYYYMMDD`.
pub fn date(text: &str) -> Option<NaiveDate> {
    let mut text = Scanner(text);
    let year = i32::try_from(text.digits(4, 1..=9999)?).ok()?;
    let is_extended = text.take('-');
    let month = text.digits(2, 1..=12)?;
    if text.take('-') != is_extended {
        return None;
    }
    let day = text.digits(2, 1..=31)?;
    if text.0.is_empty() { NaiveDate::from_ymd_opt(year, month, day) } else { None }
}

/// Reads a date, or a date and a time separated by `T` or a space. Returns the local time and its offset from UTC:
/// `2026-01-31T08:30:00+02:00` is 08:30 and two hours. A date alone means its midnight.
pub fn date_time(text: &str) -> Option<(NaiveDateTime, TimeDelta)> {
    let length = if text.as_bytes().get(4) == Some(&b'-') { 10 } else { 8 };
    let (date, rest) = text.split_at_checked(length)?;
    let date = self::date(date)?;
    if rest.is_empty() {
        return Some((date.and_time(NaiveTime::MIN), TimeDelta::zero()));
    }
    let (time, offset) = time(rest.strip_prefix(['T', ' '])?)?;
    Some((date.and_time(time), offset))
}

/// Reads `HH[:MM[:SS[.ffffff]]]`, with or without colons, and an offset: none, `Z`, or `±HH[:MM]`. Refuses 24:00 and
/// leap seconds.
pub fn time(text: &str) -> Option<(NaiveTime, TimeDelta)> {
    let zone = text.find(['+', '-', 'Z']);
    let (clock, zone) = text.split_at(zone.unwrap_or(text.len()));
    let (seconds, micros) = clock_time(clock)?;
    let time = NaiveTime::from_num_seconds_from_midnight_opt(seconds, micros * 1000)?;
    let offset = match zone.split_at_checked(1) {
        None | Some(("Z", "")) => TimeDelta::zero(),
        Some((sign @ ("+" | "-"), offset)) => {
            let (seconds, micros) = clock_time(offset)?;
            let offset = TimeDelta::seconds(seconds.into()) + TimeDelta::microseconds(micros.into());
            if sign == "-" { -offset } else { offset }
        }
        Some(_) => return None,
    };
    Some((time, offset))
}

/// Reads `HH[:MM[:SS[.ffffff]]]`, with or without colons, as seconds and microseconds.
fn clock_time(text: &str) -> Option<(u32, u32)> {
    let mut text = Scanner(text);
    let hour = text.digits(2, 0..=23)?;
    let is_extended = text.take(':');
    let mut parts = [0, 0];
    for (index, part) in parts.iter_mut().enumerate() {
        let follows_hour = index == 0;
        if !(is_extended && follows_hour) && (text.0.is_empty() || text.0.starts_with(['.', ','])) {
            break;
        }
        if !follows_hour && text.take(':') != is_extended {
            return None;
        }
        *part = text.digits(2, 0..=59)?;
    }
    let micros = if text.take('.') || text.take(',') { text.fraction()? } else { 0 };
    text.0.is_empty().then_some((hour * 3600 + parts[0] * 60 + parts[1], micros))
}

/// The unread rest of a text.
#[derive(Debug)]
pub struct Scanner<'a>(pub &'a str);

impl Scanner<'_> {
    /// Consumes `character` if it comes next.
    pub fn take(&mut self, character: char) -> bool {
        self.0.strip_prefix(character).map(|rest| self.0 = rest).is_some()
    }

    /// Consumes `count` digits if their value is `allowed`.
    pub fn digits(&mut self, count: usize, allowed: RangeInclusive<u32>) -> Option<u32> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        let number = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
        self.0 = rest;
        allowed.contains(&number).then_some(number)
    }

    /// Consumes all remaining digits; returns the first six.
    fn fraction(&mut self) -> Option<u32> {
        let digits = std::mem::take(&mut self.0);
        let are_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        are_digits.then(|| format!("{digits:0<6}")[..6].parse().ok())?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_basic_and_extended_dates() {
        let day = NaiveDate::from_ymd_opt(2024, 2, 29);

        assert_eq!((date("2024-02-29"), date("20240229")), (day, day));
    }

    #[test]
    fn reads_times_of_iso_8601() {
        for (text, clock, offset) in [
            ("2026-01-31", "2026-01-31T00:00:00", 0),
            ("2026-01-31 08:30:00", "2026-01-31T08:30:00", 0),
            ("2026-01-31T08:30", "2026-01-31T08:30:00", 0),
            ("20260131T083000", "2026-01-31T08:30:00", 0),
            ("2026-01-31 08:30:00.0000000", "2026-01-31T08:30:00", 0),
            ("2026-01-31T08:30:00,25", "2026-01-31T08:30:00.25", 0),
            ("2026-01-31T08:30:00Z", "2026-01-31T08:30:00", 0),
            ("2026-01-31 08:30:00+02", "2026-01-31T08:30:00", 120),
            ("2026-01-31T08:30:00-05:30", "2026-01-31T08:30:00", -330),
        ] {
            assert_eq!(date_time(text), Some((clock.parse().unwrap(), TimeDelta::minutes(offset))), "{text}");
        }
    }

    #[test]
    fn an_offset_may_have_fractions_of_a_second() {
        let (_, offset) = date_time("2026-01-31T08:30:00-00:00:01.25").unwrap();

        assert_eq!(offset, TimeDelta::milliseconds(-1250));
    }

    /// Forms that PostgreSQL or chrono accept, that spreadsheets write, or that no calendar has.
    #[test]
    fn refuses_everything_else() {
        for text in [
            "",
            " ",
            "3/4/26",
            "03/04/2026",
            "10/11/12",
            "10-11-12",
            "31.12.25",
            "31.12.2025",
            "2025.12.31",
            "2025/12/31",
            "now",
            "today",
            "yesterday",
            "tomorrow",
            "epoch",
            "infinity",
            "-infinity",
            "allballs",
            "0044-03-15 BC",
            "2025-03-03 AD",
            "12026-03-03",
            "+12026-03-03",
            "-0044-03-15",
            "0000-01-01",
            "45719",
            "45719.354",
            "1741392000",
            "25-03-03",
            "250303",
            "3 Mar 2025",
            "Mar 3, 2025",
            "2025-Mar-03",
            "03-MAR-25",
            "March 2025",
            "2025",
            "2025-03",
            "2025-W10-1",
            "2025-062",
            "2025062",
            "08:30",
            "08:30:00",
            "2025-02-29",
            "2025-02-30",
            "2025-13-01",
            "2025-00-10",
            "2025-01-00",
            "2025-3-3",
            "2025-03-03T24:00:00",
            "2025-03-03 00:00:60",
            "2025-03-03T10:60:00",
            "2025-03-03T",
            "2025-03-03T10:00:00.",
            "2025-03-03T10:00:00.２５",
            "2025-03-03 ",
            " 2025-03-03",
            "2025-03-03  10:00:00",
            "2025-03-03T10:00:00 UTC",
            "2025-03-03T10:00:00 Europe/Berlin",
            "2025-03-03T10:00:00z",
            "2025-03-03x10:00:00",
            "2025-03-03 10:00 PM",
            "20250303103000",
            "2025-0303",
            "202503-03",
            "J2460738",
            "２０２５-03-03",
            "2025-03-03T10:00:00+25",
            "NULL",
            "NaT",
            "n/a",
        ] {
            assert_eq!((date(text), date_time(text)), (None, None), "{text}");
        }
    }
}
