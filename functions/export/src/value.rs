//! One value of a row: how JSON shows it ([`Serialize`]), and how CSV does ([`Value::cell`]). The old system's two forms differ.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use shared::python::{bool_str, float_repr, json_cell};
use shared::time::{StoredTime, isoformat, isoformat_utc};
use sqlx::types::Json;
use utoipa::ToSchema;
use uuid::Uuid;

/// A value.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    /// There is none.
    Null,
    /// `True` in CSV.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// A whole number of 64 bits without a sign.
    Unsigned(u64),
    /// `1.0` in CSV.
    Float(f64),
    /// Text, as it is.
    Text(Cow<'a, str>),
    /// `2024-05-01`.
    Date(NaiveDate),
    /// A time that is UTC without saying so: `2024-05-01 10:05:00.500000`, with a `T` in CSV.
    Timestamp(NaiveDateTime),
    /// A time with its zone: `2024-05-01 10:00:00+00:00`, with a `T` in CSV.
    TimestampUtc(DateTime<Utc>),
    /// JSON as it is stored; numbers keep their digits.
    Json(&'a RawValue),
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "as in Value")]
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

/// A column: its name in the header line and in objects, and what the codebook says of it.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub name: Cow<'static, str>,
    /// Of its values; any of them may be missing.
    pub kind: Kind,
    /// What its values are, and where they come from.
    pub about: Cow<'static, str>,
    /// Of numbers that have one.
    pub unit: Option<&'static str>,
}

impl Column {
    /// Describes a column whose values have no unit.
    pub fn new(name: impl Into<Cow<'static, str>>, kind: Kind, about: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), kind, about: about.into(), unit: None }
    }

    /// The same for numbers of this unit.
    #[must_use]
    pub fn in_unit(self, unit: &'static str) -> Self {
        Self { unit: Some(unit), ..self }
    }
}

impl Value<'_> {
    /// As Python's `csv.writer` writes it, before quoting.
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
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_none(),
            Self::Boolean(value) => serializer.serialize_bool(*value),
            Self::Integer(number) => serializer.serialize_i64(*number),
            Self::Unsigned(number) => serializer.serialize_u64(*number),
            Self::Float(number) => serializer.serialize_f64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Date(date) => date.serialize(serializer),
            Self::Timestamp(_) | Self::TimestampUtc(_) => serializer.serialize_str(&self.cell().replace('T', " ")),
            Self::Json(json) => json.serialize(serializer),
        }
    }
}

/// A type of the columns of a table.
pub trait Field {
    /// Of its values.
    const KIND: Kind;

    /// Returns it as a value; null where there is none.
    fn value(&self) -> Value<'_>;

    /// How much memory it takes, in bytes, beside that of its row.
    fn bytes(&self) -> usize {
        match self.value() {
            Value::Text(Cow::Borrowed(text)) => text.len(),
            Value::Json(json) => json.get().len(),
            _ => 0,
        }
    }
}

/// [`Value::Timestamp`], or null where no calendar has it.
#[derive(Debug, sqlx::Type, ToSchema)]
#[schema(value_type = String, example = "2024-05-01 10:05:00.500000")]
#[sqlx(transparent, no_pg_array)]
pub(crate) struct Timestamp(StoredTime);

/// [`Value::TimestampUtc`], or null where no calendar has it.
#[derive(Debug, sqlx::Type, ToSchema)]
#[schema(value_type = String, example = "2024-05-01 10:00:00+00:00")]
#[sqlx(transparent, no_pg_array)]
pub(crate) struct TimestampUtc(StoredTime);

/// [`Value::Json`].
pub type StoredJson = Json<Box<RawValue>>;

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
    String: Text, |text| Cow::Borrowed(text);
    Uuid: Text, |id| id.to_string().into();
    NaiveDate: Date, |date| *date;
    StoredJson: Json, |json| &json.0;
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
}
