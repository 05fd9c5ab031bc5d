//! Times with a zone, as the frontend requires (contract section 8).

use chrono::{DateTime, Utc};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize as _, Serializer};
use shared::time::{StoredTime, has_four_digit_year};

/// Serializes `2024-02-01T12:00:00.500000+00:00`, or null for a time that is not representable.
pub(crate) fn serialize<S: Serializer>(time: &StoredTime, serializer: S) -> Result<S::Ok, S::Error> {
    time.text_in_utc().serialize(serializer)
}

/// Serializes an optional time like [`serialize`].
#[expect(clippy::ref_option, reason = "serde requires this signature")]
pub(crate) fn serialize_optional<S: Serializer>(time: &Option<StoredTime>, serializer: S) -> Result<S::Ok, S::Error> {
    serialize(&time.unwrap_or(StoredTime(None)), serializer)
}

/// Deserializes a time with its zone (RFC 3339), or null.
pub(crate) fn deserialize_optional<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<DateTime<Utc>>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let time = DateTime::parse_from_rfc3339(&text).map(|time| time.to_utc()).ok().filter(has_four_digit_year);
    time.map(Some).ok_or_else(|| D::Error::custom("expected a time with its zone (RFC 3339)"))
}
