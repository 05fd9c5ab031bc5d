use std::fmt::Display;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use serde_json::Value;

/// Parses a scalar: CloudFormation accepts `10`, `"10"`, `true` and `"true"` alike, and parameters' values are always text.
pub(super) fn scalar<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(deserializer: D) -> Result<T, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let text = match &value {
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        other => {
            return Err(D::Error::custom(format!("expected a text, a number or a boolean instead of {other}")));
        }
    };
    text.parse().map_err(|error| D::Error::custom(format!("{text}: {error}")))
}

pub(super) fn optional_scalar<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    scalar(deserializer).map(Some)
}
