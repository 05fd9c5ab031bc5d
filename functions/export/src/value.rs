//! Values of rows and their two representations: JSON ([`Value::write_json`]) and CSV ([`Value::cell`]), which differ as in the
//! old system.

use std::borrow::Cow;
use std::io::{self, Write};

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde_json::value::RawValue;
use shared::python::{bool_str, float_repr, json_cell};
use shared::time::{StoredTime, isoformat, isoformat_utc};
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgTypeInfo, PgValueRef, Postgres};
use sqlx::{Decode, Type};
use utoipa::ToSchema;
use uuid::Uuid;

/// A value.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    /// No value.
    Null,
    /// `True` in CSV.
    Boolean(bool),
    /// An integer.
    Integer(i64),
    /// An unsigned 64-bit integer.
    Unsigned(u64),
    /// `1.0` in CSV.
    Float(f64),
    /// Text.
    Text(Cow<'a, str>),
    /// `2024-05-01`.
    Date(NaiveDate),
    /// A time in UTC without its zone: `2024-05-01 10:05:00.500000`, with a `T` in CSV.
    Timestamp(NaiveDateTime),
    /// A time with its zone: `2024-05-01 10:00:00+00:00`, with a `T` in CSV.
    TimestampUtc(DateTime<Utc>),
    /// JSON as stored, without surrounding whitespace; numbers keep their digits.
    Json(&'a str),
}

/// The type of a column's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "see Value")]
pub enum Kind {
    Boolean,
    Integer,
    Unsigned,
    Float,
    Text,
    Date,
    Timestamp,
    TimestampUtc,
    Json,
}

/// A column: its name in headers and objects, and its description in the codebook.
#[derive(Clone, Debug)]
pub struct Column {
    /// The name.
    pub name: Cow<'static, str>,
    /// The type of its values; any of them may be missing.
    pub kind: Kind,
    /// The meaning and source of its values.
    pub about: Cow<'static, str>,
    /// The unit, for numbers that have one.
    pub unit: Option<&'static str>,
}

impl Column {
    /// Describes a column without a unit.
    pub fn new(name: impl Into<Cow<'static, str>>, kind: Kind, about: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), kind, about: about.into(), unit: None }
    }

    /// Sets the unit.
    #[must_use]
    pub fn in_unit(self, unit: &'static str) -> Self {
        Self { unit: Some(unit), ..self }
    }
}

impl Value<'_> {
    /// Returns the cell as Python's `csv.writer` writes it, before quoting.
    pub fn cell(&self) -> Cow<'_, str> {
        match self {
            Self::Null => Cow::Borrowed(""),
            Self::Boolean(value) => bool_str(*value).into(),
            Self::Integer(number) => number.to_string().into(),
            Self::Unsigned(number) => number.to_string().into(),
            Self::Float(number) => float_repr(*number).into(),
            Self::Text(text) => Cow::Borrowed(text),
            Self::Date(date) => date.to_string().into(),
            Self::Timestamp(time) => isoformat(*time).into(),
            Self::TimestampUtc(time) => isoformat_utc(time.naive_utc()).into(),
            Self::Json(json) => json_cell(json).into(),
        }
    }

    /// Writes the value as JSON.
    pub fn write_json(&self, mut out: impl Write) -> io::Result<()> {
        match self {
            Self::Null => out.write_all(b"null"),
            Self::Boolean(value) => Ok(serde_json::to_writer(out, value)?),
            Self::Integer(number) => Ok(serde_json::to_writer(out, number)?),
            Self::Unsigned(number) => Ok(serde_json::to_writer(out, number)?),
            Self::Float(number) => Ok(serde_json::to_writer(out, number)?),
            Self::Text(text) => Ok(serde_json::to_writer(out, text)?),
            Self::Date(date) => Ok(serde_json::to_writer(out, date)?),
            Self::Timestamp(_) | Self::TimestampUtc(_) => write!(out, "\"{}\"", self.cell().replace('T', " ")),
            Self::Json(json) => out.write_all(json.as_bytes()),
        }
    }
}

/// A type of exported columns.
pub trait Field {
    /// The kind of its values.
    const KIND: Kind;

    /// Returns the value; null if there is none.
    fn value(&self) -> Value<'_>;

    /// Returns how much memory it takes in addition to its row, in bytes.
    fn bytes(&self) -> usize {
        0
    }
}

/// A time in UTC without its zone; null if it is not representable.
#[derive(Debug, sqlx::Type, ToSchema)]
#[schema(value_type = String, example = "2024-05-01 10:05:00.500000")]
#[sqlx(transparent, no_pg_array)]
pub(crate) struct Timestamp(StoredTime);

/// A time with its zone; null if it is not representable.
#[derive(Debug, sqlx::Type, ToSchema)]
#[schema(value_type = String, example = "2024-05-01 10:00:00+00:00")]
#[sqlx(transparent, no_pg_array)]
pub(crate) struct TimestampUtc(StoredTime);

/// JSON as PostgreSQL has checked and stored it. It is not parsed again: an export of a million answers has gigabytes
/// of it (docs/performance.md).
#[derive(Clone, Debug)]
pub struct StoredJson(Box<str>);

impl From<Box<RawValue>> for StoredJson {
    fn from(json: Box<RawValue>) -> Self {
        Self(json.into())
    }
}

impl Type<Postgres> for StoredJson {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_name("json")
    }
}

impl<'r> Decode<'r, Postgres> for StoredJson {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        // PostgreSQL keeps the whitespace around the text (RFC 8259 section 2)
        Ok(Self(value.as_str()?.trim_matches([' ', '\t', '\n', '\r']).into()))
    }
}

macro_rules! fields {
    ($($type:ty: $kind:ident, |$field:ident| $value:expr;)*) => { $(impl Field for $type {
        const KIND: Kind = Kind::$kind;
        fn value(&self) -> Value<'_> {
            let $field = self;
            Value::$kind($value)
        }
    })* };
}

fields! {
    bool: Boolean, |value| *value;
    i32: Integer, |number| i64::from(*number);
    i64: Integer, |number| *number;
    f64: Float, |number| *number;
    Uuid: Text, |id| id.to_string().into();
    NaiveDate: Date, |date| *date;
    DateTime<Utc>: TimestampUtc, |time| *time;
}

impl Field for String {
    const KIND: Kind = Kind::Text;
    fn value(&self) -> Value<'_> {
        Value::Text(Cow::Borrowed(self))
    }
    fn bytes(&self) -> usize {
        self.len()
    }
}

impl Field for StoredJson {
    const KIND: Kind = Kind::Json;
    fn value(&self) -> Value<'_> {
        Value::Json(&self.0)
    }
    fn bytes(&self) -> usize {
        self.0.len()
    }
}

impl Field for Timestamp {
    const KIND: Kind = Kind::Timestamp;
    fn value(&self) -> Value<'_> {
        self.0.0.map_or(Value::Null, Value::Timestamp)
    }
}

impl Field for TimestampUtc {
    const KIND: Kind = Kind::TimestampUtc;
    fn value(&self) -> Value<'_> {
        self.0.utc().map_or(Value::Null, Value::TimestampUtc)
    }
}

impl<T: Field> Field for Option<T> {
    const KIND: Kind = T::KIND;
    fn value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, Field::value)
    }
    fn bytes(&self) -> usize {
        self.as_ref().map_or(0, Field::bytes)
    }
}

#[cfg(test)]
mod tests;
