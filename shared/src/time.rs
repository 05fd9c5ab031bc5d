//! The time of day, times as the old system writes them, and as a database may hold them.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Datelike, NaiveDateTime, Timelike, Utc};
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgTypeInfo, PgValueRef};
use sqlx::{Decode, Postgres, Type};

/// Reads the clock of this process. Nothing else of the API does (`scripts/architecture`).
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// The clock by which requests are judged: that of this process, or one that a test sets.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>);

impl Clock {
    /// A clock that is read with `read`.
    pub fn of(read: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// What it shows.
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

/// A `timestamp` or `timestamptz` of a table. PostgreSQL stores `infinity` and years that no caller can read: they are `None`,
/// where [`NaiveDateTime`] panics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredTime(pub Option<NaiveDateTime>);

/// 2000-01-01, from which PostgreSQL counts, in microseconds since 1970.
const EPOCH: i64 = 946_684_800_000_000;

impl StoredTime {
    /// Returns it as Python writes a time without a zone, or nothing where no calendar has it.
    pub fn text(self) -> Option<String> {
        self.0.map(isoformat)
    }

    /// Returns it as Python writes a time in UTC, or nothing where no calendar has it.
    pub fn text_in_utc(self) -> Option<String> {
        self.0.map(isoformat_utc)
    }

    /// The moment that it is in UTC.
    pub fn utc(self) -> Option<DateTime<Utc>> {
        self.0.as_ref().map(NaiveDateTime::and_utc)
    }
}

impl Type<Postgres> for StoredTime {
    fn type_info() -> PgTypeInfo {
        <NaiveDateTime as Type<Postgres>>::type_info()
    }

    fn compatible(of_column: &PgTypeInfo) -> bool {
        *of_column == Self::type_info() || *of_column == <DateTime<Utc> as Type<Postgres>>::type_info()
    }
}

impl<'r> Decode<'r, Postgres> for StoredTime {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        let microseconds: i64 = Decode::<Postgres>::decode(value)?;
        let time = microseconds.checked_add(EPOCH).and_then(DateTime::from_timestamp_micros);
        Ok(Self(time.map(|time| time.naive_utc()).filter(has_four_digit_year)))
    }
}

/// Whether a time is in the years 1 to 9999, the only ones that Python and its clients read. PostgreSQL stores others.
pub fn has_four_digit_year(time: &impl Datelike) -> bool {
    (1..=9999).contains(&time.year())
}

/// Python's `datetime.isoformat()`: microseconds are written only when there are some.
pub fn isoformat(time: NaiveDateTime) -> String {
    // Debug of a date is ISO 8601; an export has six million times, and a pattern is read for each
    let seconds = format!("{:?}T{:02}:{:02}:{:02}", time.date(), time.hour(), time.minute(), time.second());
    match time.nanosecond() / 1000 {
        0 => seconds,
        microseconds => format!("{seconds}.{microseconds:06}"),
    }
}

/// The same of a time in UTC, with its zone.
pub fn isoformat_utc(time: NaiveDateTime) -> String {
    format!("{}+00:00", isoformat(time))
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
