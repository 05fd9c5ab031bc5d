//! What a column of type `jsonb` holds: less than JSON can say.

use serde_json::Value;
use serde_json::value::RawValue;

use crate::ApiError;
use crate::errors::bad_request;
use crate::python;

/// Digits behind the point in PostgreSQL's `numeric` (`NUMERIC_DSCALE_MAX`).
const MAX_PLACES: i64 = 16_383;
/// Beyond this `numeric` reads no exponent at all, not even that of a zero.
const MAX_EXPONENT: i64 = 1_073_741_823;

/// The value of a field that goes into a `jsonb` column; 400 names the field if it has half of a surrogate pair, is too deep, or has
/// a number without end.
pub fn read(field: &str, json: &RawValue) -> Result<Value, ApiError> {
    let value = serde_json::from_str(json.get()).ok().filter(|_| python::numbers(json).all(fits));
    value.ok_or_else(|| bad_request(format!("{field}: text or number that cannot be stored")))
}

/// Whether `numeric` has a place for each digit. Too large ones serde refuses, but those next to nothing it reads as 0.
fn fits(number: &str) -> bool {
    let (digits, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let places = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let (Ok(places), Ok(exponent)) = (i64::try_from(places), exponent.parse::<i64>()) else { return false };
    exponent.abs() < MAX_EXPONENT && places - exponent <= MAX_PLACES
}
