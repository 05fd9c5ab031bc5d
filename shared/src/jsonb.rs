//! Values for `jsonb` columns, which cannot hold everything that JSON can express.

use serde_json::Value;
use serde_json::value::RawValue;

use crate::ApiError;
use crate::errors::bad_request;
use crate::python;

/// Maximum number of digits after the point in PostgreSQL's `numeric` (`NUMERIC_DSCALE_MAX`).
const MAX_PLACES: i64 = 16_383;
/// Beyond this, `numeric` accepts no exponent at all, not even for zero.
const MAX_EXPONENT: i64 = 1_073_741_823;

/// Returns the value of a field for a `jsonb` column. Fails with 400 naming the field if it has an unpaired surrogate,
/// is nested too deeply, or has a number with too many digits.
pub fn read(field: &str, json: &RawValue) -> Result<Value, ApiError> {
    let value = serde_json::from_str(json.get()).ok().filter(|_| python::numbers(json).all(fits));
    value.ok_or_else(|| bad_request(format!("{field}: text or number that cannot be stored")))
}

/// Returns whether `numeric` can hold every digit. serde itself refuses numbers that are too large, but reads tiny ones
/// as 0.
fn fits(number: &str) -> bool {
    let (digits, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let places = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let (Ok(places), Ok(exponent)) = (i64::try_from(places), exponent.parse::<i64>()) else { return false };
    exponent.abs() < MAX_EXPONENT && places - exponent <= MAX_PLACES
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Like `SELECT '0e1073741823'::numeric`, which PostgreSQL refuses.
    #[test]
    fn even_zero_has_a_largest_exponent() {
        let is_stored = |json: &str| read("field", &RawValue::from_string(json.to_owned()).unwrap()).is_ok();

        assert!(is_stored("0e1073741822"));
        assert!(!is_stored("0e1073741823"));
    }
}
