//! One value of a row: its `Serialize` is how JSON shows it, its [`Cell`] how CSV does. The old system's two forms differ.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use shared::python::{bool_str, float_repr, json_cell};
use shared::time::isoformat;
use sqlx::types::Json;
use utoipa::ToSchema;
use uuid::Uuid;

/// A value as Python's `csv.writer` writes it, before quoting.
pub(crate) trait Cell {
    fn cell(&self) -> Cow<'_, str>;
}

/// A time that is UTC without saying so: `2024-05-01 10:05:00.500000`.
#[derive(Debug, sqlx::Type, ToSchema)]
#[schema(value_type = String, example = "2024-05-01 10:05:00.500000")]
#[sqlx(transparent)]
pub(crate) struct Timestamp(NaiveDateTime);

/// A time with its zone: `2024-05-01 10:00:00+00:00`.
#[derive(Debug, sqlx::Type, ToSchema)]
#[schema(value_type = String, example = "2024-05-01 10:00:00+00:00")]
#[sqlx(transparent)]
pub(crate) struct TimestampUtc(DateTime<Utc>);

/// JSON as it is stored; numbers keep their digits.
pub(crate) type StoredJson = Json<Box<RawValue>>;

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.cell().replace('T', " "))
    }
}

impl Serialize for TimestampUtc {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.cell().replace('T', " "))
    }
}

impl Cell for Timestamp {
    fn cell(&self) -> Cow<'_, str> {
        isoformat(self.0).into()
    }
}

impl Cell for TimestampUtc {
    fn cell(&self) -> Cow<'_, str> {
        format!("{}+00:00", isoformat(self.0.naive_utc())).into()
    }
}

impl Cell for StoredJson {
    fn cell(&self) -> Cow<'_, str> {
        json_cell(&self.0).into()
    }
}

impl Cell for f64 {
    fn cell(&self) -> Cow<'_, str> {
        float_repr(*self).into()
    }
}

impl Cell for bool {
    fn cell(&self) -> Cow<'_, str> {
        bool_str(*self).into()
    }
}

impl Cell for String {
    fn cell(&self) -> Cow<'_, str> {
        self.into()
    }
}

macro_rules! printed_as_in_rust {
    ($($type:ty),*) => { $(impl Cell for $type {
        fn cell(&self) -> Cow<'_, str> {
            self.to_string().into()
        }
    })* };
}

printed_as_in_rust!(i32, i64, NaiveDate, Uuid);

impl<T: Cell> Cell for Option<T> {
    fn cell(&self) -> Cow<'_, str> {
        self.as_ref().map_or(Cow::Borrowed(""), Cell::cell)
    }
}
