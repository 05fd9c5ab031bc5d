//! Formats PostgreSQL's numeric text like the old system (Python's `str(Decimal)`).

use std::borrow::Cow;

/// Formats a number: `36.60` stays `36.60`, and numbers below `0.000001` use scientific notation (`0.0000001` is
/// `1E-7`).
pub fn python_text(numeric: &str) -> Cow<'_, str> {
    match scientific(numeric) {
        Some(text) => Cow::Owned(text),
        None => Cow::Borrowed(numeric),
    }
}

/// Returns whether the number is zero, which counts as no value (contract, section 4); `NaN` and `Infinity` do not.
pub fn is_zero(numeric: &str) -> bool {
    numeric.bytes().all(|byte| matches!(byte, b'-' | b'.' | b'0'))
}

/// Returns the digits before the point; `NaN` and `Infinity` unchanged.
pub fn integer_part(numeric: &str) -> &str {
    match numeric.split_once('.').map_or(numeric, |(integer, _)| integer) {
        "-0" => "0",
        integer => integer,
    }
}

fn scientific(numeric: &str) -> Option<String> {
    let (sign, digits) = numeric.strip_prefix('-').map_or(("", numeric), |digits| ("-", digits));
    let fraction = digits.strip_prefix("0.")?;
    let leading_zeros = fraction.len() - fraction.trim_start_matches('0').len();
    let first = leading_zeros.min(fraction.len() - 1);
    let exponent = first + 1;
    if exponent <= 6 {
        return None;
    }
    let (first, rest) = fraction[first..].split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    Some(format!("{sign}{first}{point}{rest}E-{exponent}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_numbers_as_postgresql_stores_them() {
        for text in [
            "36.60",
            "120",
            "120.0",
            "-3.70",
            "100000000000000000000",
            "1234567890.123456789",
            "NaN",
            "Infinity",
            "-Infinity",
        ] {
            assert_eq!(python_text(text), text);
        }
    }

    #[test]
    fn uses_scientific_notation_for_tiny_numbers() {
        assert_eq!(python_text("0.000001"), "0.000001");
        assert_eq!(python_text("0.00000100"), "0.00000100");
        assert_eq!(python_text("0.0000001"), "1E-7");
        assert_eq!(python_text("0.000000012"), "1.2E-8");
        assert_eq!(python_text("-0.0000001200"), "-1.200E-7");
        assert_eq!(python_text("0.0000000"), "0E-7");
    }

    #[test]
    fn recognizes_zero_in_any_scale() {
        assert!(is_zero("0") && is_zero("0.00") && is_zero("-0.0"));
        assert!(!is_zero("0.01") && !is_zero("NaN") && !is_zero("Infinity") && !is_zero("10"));
    }

    #[test]
    fn truncates_to_the_integer_part() {
        let parts = ["27.9", "-3.7", "-0.5", "30", "NaN", "Infinity"].map(integer_part);

        assert_eq!(parts, ["27", "-3", "0", "30", "NaN", "Infinity"]);
    }
}
