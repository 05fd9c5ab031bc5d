//! The time of day, times in the old system's format, and times as stored in a database.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Datelike, NaiveDateTime, Timelike, Utc};
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgTypeInfo, PgValueRef};
use sqlx::{Decode, Postgres, Type};

/// Reads the clock of this process. Other code must not read it; `scripts/architecture` checks this, and lists the
/// exception.
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// The clock that requests use: that of this process, or one that a test sets.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>);

impl Clock {
    /// Creates a clock whose time is read with `read`.
    pub fn of(read: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// Returns the current time.
    pub fn now(&self) -> DateTime<Utc> {
        (self.0)()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::of(now)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Clock").field(&self.now()).finish()
    }
}

/// A `timestamp` or `timestamptz` of a table. `None` stands for `infinity` and for years that clients cannot read, for
/// which [`NaiveDateTime`] would panic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredTime(pub Option<NaiveDateTime>);

/// 2000-01-01, PostgreSQL's epoch, in microseconds since 1970.
const EPOCH: i64 = 946_684_800_000_000;

impl StoredTime {
    /// Formats the time like Python, without a zone.
    pub fn text(self) -> Option<String> {
        self.0.map(isoformat)
    }

    /// Formats the time like Python, as UTC.
    pub fn text_in_utc(self) -> Option<String> {
        self.0.map(isoformat_utc)
    }

    /// Returns the time as UTC.
    pub fn utc(self) -> Option<DateTime<Utc>> {
        self.0.as_ref().map(NaiveDateTime::and_utc)
    }
}

impl Type<Postgres> for StoredTime {
    fn type_info() -> PgTypeInfo {
        <NaiveDateTime as Type<Postgres>>::type_info()
    }
}

impl<'r> Decode<'r, Postgres> for StoredTime {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        let microseconds: i64 = Decode::<Postgres>::decode(value)?;
        let time = microseconds.checked_add(EPOCH).and_then(DateTime::from_timestamp_micros);
        Ok(Self(time.map(|time| time.naive_utc()).filter(has_four_digit_year)))
    }
}

/// Returns whether a time is in the years 1 to 9999, the only ones that Python and its clients can read. PostgreSQL
/// stores others.
pub fn has_four_digit_year(time: &impl Datelike) -> bool {
    (1..=9999).contains(&time.year())
}

/// Formats like Python's `datetime.isoformat()`, with microseconds only if there are any.
pub fn isoformat(time: NaiveDateTime) -> String {
    // a date's Debug format is ISO 8601; chrono would parse a pattern for each of the six million times of an export
    let seconds = format!("{:?}T{:02}:{:02}:{:02}", time.date(), time.hour(), time.minute(), time.second());
    match time.nanosecond() / 1000 {
        0 => seconds,
        microseconds => format!("{seconds}.{microseconds:06}"),
    }
}

/// Formats a UTC time like [`isoformat`], with its zone.
pub fn isoformat_utc(time: NaiveDateTime) -> String {
    format!("{}+00:00", isoformat(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_six_digits_of_microseconds_or_none() {
        let time = |text: &str| isoformat(text.parse().unwrap());

        assert_eq!(time("2024-06-01T12:34:56"), "2024-06-01T12:34:56");
        assert_eq!(time("2024-06-01T12:34:56.789"), "2024-06-01T12:34:56.789000");
    }

    #[test]
    fn a_stored_time_is_written_with_or_without_its_zone() {
        let time = StoredTime(Some("2024-06-01T12:34:56".parse().unwrap()));

        assert_eq!(time.text().as_deref(), Some("2024-06-01T12:34:56"));
        assert_eq!(time.text_in_utc().as_deref(), Some("2024-06-01T12:34:56+00:00"));
        assert_eq!(StoredTime(None).text(), None);
    }
}
