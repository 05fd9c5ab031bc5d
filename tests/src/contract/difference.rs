//! Finds the differences between two JSON values.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Returns one line per difference, each with its path. Key order is ignored, but 1, 1.0 and true are different. Integers beyond 64
/// bits are compared as floats.
pub fn between(expected: &Value, got: &Value, path: &str) -> Vec<String> {
    match (expected, got) {
        (Value::Object(expected), Value::Object(got)) => between_objects(expected, got, path),
        (Value::Array(expected), Value::Array(got)) => between_lists(expected, got, path),
        _ => between_texts(&expected.to_string(), &got.to_string(), path),
    }
}

/// Compares the printed texts, because 0.0 and -0.0 are equal as `Value`.
fn between_texts(expected: &str, got: &str, path: &str) -> Vec<String> {
    if expected == got { vec![] } else { vec![format!("{path}: expected {expected}, got {got}")] }
}

fn between_objects(expected: &Map<String, Value>, got: &Map<String, Value>, path: &str) -> Vec<String> {
    let keys: BTreeSet<&String> = expected.keys().chain(got.keys()).collect();
    let differences = keys.into_iter().flat_map(|key| match (expected.get(key), got.get(key)) {
        (Some(expected), Some(got)) => between(expected, got, &format!("{path}/{key}")),
        (Some(expected), None) => vec![format!("{path}/{key}: missing, expected {expected}")],
        (None, Some(got)) => vec![format!("{path}/{key}: unexpected {got}")],
        (None, None) => vec![],
    });
    differences.collect()
}

fn between_lists(expected: &[Value], got: &[Value], path: &str) -> Vec<String> {
    let mut differences = vec![];
    if expected.len() != got.len() {
        differences.push(format!("{path}: expected {} entries, got {}", expected.len(), got.len()));
    }
    let pairs = expected.iter().zip(got).enumerate();
    differences.extend(pairs.flat_map(|(index, (expected, got))| between(expected, got, &format!("{path}/{index}"))));
    differences
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::between;

    fn same(expected: &str, got: &str) -> bool {
        let [expected, got]: [Value; 2] = [expected, got].map(|text| serde_json::from_str(text).unwrap());
        between(&expected, &got, "").is_empty()
    }

    #[test]
    fn the_kind_of_a_number_is_part_of_it() {
        for (expected, got) in [("1", "1.0"), ("1", "true"), ("1.0", "true"), ("0.0", "-0.0"), ("1", "\"1\"")] {
            assert!(!same(expected, got), "{expected} passed for {got}");
        }
    }

    #[test]
    fn a_number_may_be_spelled_in_another_way() {
        for (expected, got) in [("1e5", "100000.0"), ("1e-07", "0.0000001"), ("1e+16", "1E16"), ("2.50", "2.5")] {
            assert!(same(expected, got), "{expected} differed from {got}");
        }
    }

    #[test]
    fn sixty_four_bit_integers_are_compared_to_the_last_digit() {
        assert!(same("12345678901234567890", "12345678901234567890"));
        assert!(!same("12345678901234567890", "12345678901234567891"));
    }

    #[test]
    fn key_order_is_ignored() {
        assert!(same(r#"{"a": 1, "b": [2]}"#, r#"{"b": [2], "a": 1}"#));
    }

    #[test]
    fn each_difference_is_named_with_its_path() {
        let expected = json!({"a": {"b": [1, 2, 3]}, "gone": 1});
        let got = json!({"a": {"b": [1, "2"]}, "new": null});

        assert_eq!(
            between(&expected, &got, "body"),
            [
                "body/a/b: expected 3 entries, got 2",
                "body/a/b/1: expected 2, got \"2\"",
                "body/gone: missing, expected 1",
                "body/new: unexpected null",
            ]
        );
    }
}
