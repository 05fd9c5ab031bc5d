//! Shapes: the comparable part of values that differ between runs.

use std::sync::LazyLock;

use regex_lite::{Captures, Regex};
use serde_json::{Value, json};

/// Returns `<integer>`, `<uuid>`, `9999-99-99T99:99:99`… Text around a UUID, a time or a hex number is kept.
pub fn of(value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::Bool(_) => json!("<boolean>"),
        Value::Number(number) if number.is_f64() => json!("<number>"),
        Value::Number(_) => json!("<integer>"),
        Value::Array(_) => json!("<array>"),
        Value::Object(_) => json!("<object>"),
        Value::String(text) => Value::String(of_text(text)),
    }
}

fn of_text(text: &str) -> String {
    static UUID: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"));
    static TIME: LazyLock<Regex> = LazyLock::new(|| pattern(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?"));
    static DIGIT: LazyLock<Regex> = LazyLock::new(|| pattern(r"\d"));
    static HEX: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b[0-9a-f]{12,}\b"));
    static KNOWN: LazyLock<Regex> = LazyLock::new(|| pattern(r"<(uuid|hex\d+)>|9999-99-99"));

    let shape = UUID.replace_all(text, "<uuid>");
    let shape = TIME.replace_all(&shape, |time: &Captures<'_>| DIGIT.replace_all(&time[0], "9").into_owned());
    let shape = HEX.replace_all(&shape, |hex: &Captures<'_>| format!("<hex{}>", hex[0].len()));
    if KNOWN.is_match(&shape) { shape.into_owned() } else { "<string>".to_owned() }
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a constant pattern")
}

/// Replaces the value at `pointer` with its shape; `*` matches every entry, and a pointer to nothing is ignored.
pub fn replace(value: &mut Value, pointer: &str) {
    let keys: Vec<&str> = pointer.trim_matches('/').split('/').collect();
    replace_below(value, &keys);
}

fn replace_below(value: &mut Value, keys: &[&str]) {
    let Some((key, rest)) = keys.split_first() else {
        *value = of(value);
        return;
    };
    match value {
        Value::Object(entries) if *key == "*" => entries.values_mut().for_each(|entry| replace_below(entry, rest)),
        Value::Array(entries) if *key == "*" => entries.iter_mut().for_each(|entry| replace_below(entry, rest)),
        Value::Object(entries) => entries.get_mut(*key).into_iter().for_each(|entry| replace_below(entry, rest)),
        Value::Array(entries) => {
            let entry = key.parse::<usize>().ok().and_then(|index| entries.get_mut(index));
            entry.into_iter().for_each(|entry| replace_below(entry, rest));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{of, replace};

    #[test]
    fn a_shape_shows_the_kind_of_a_value() {
        let values = json!([null, true, 1, 1.0, [1], {"a": 1}, "text"]);
        let shapes: Vec<Value> = values.as_array().unwrap().iter().map(of).collect();

        assert_eq!(
            shapes,
            [
                json!(null),
                json!("<boolean>"),
                json!("<integer>"),
                json!("<number>"),
                json!("<array>"),
                json!("<object>"),
                json!("<string>"),
            ]
        );
    }

    #[test]
    fn text_around_known_patterns_is_kept() {
        assert_eq!(of(&json!("exp-0123456789ab")), "exp-<hex12>");
        assert_eq!(of(&json!("id 00000000-0000-4000-8000-000000000001")), "id <uuid>");
        assert_eq!(of(&json!("2024-05-01T10:00:00.5Z")), "9999-99-99T99:99:99.9Z");
    }

    #[test]
    fn a_star_stands_for_every_entry() {
        let mut answer = json!({"json": {"runs": [{"id": 1}, {"id": "x"}, {}], "names": {"a": 1, "b": 2}}});

        replace(&mut answer, "/json/runs/*/id");
        replace(&mut answer, "/json/names/*");

        let shapes = json!({"runs": [{"id": "<integer>"}, {"id": "<string>"}, {}], "names": {"a": "<integer>", "b": "<integer>"}});
        assert_eq!(answer["json"], shapes);
    }

    #[test]
    fn a_pointer_to_nothing_changes_nothing() {
        let before = json!({"json": {"list": [1], "text": "x"}});
        let mut answer = before.clone();

        for pointer in ["/json/list/1", "/json/list/x", "/json/text/x", "/json/none", "/headers/location"] {
            replace(&mut answer, pointer);
        }

        assert_eq!(answer, before);
    }
}
