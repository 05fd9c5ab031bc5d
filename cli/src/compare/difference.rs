//! Finds differences between two responses, without revealing values unless requested.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::{Answer, Body};

/// Maximum reported differences per pair of responses.
const MAX_REPORTED: usize = 5;
/// Maximum characters shown of a value.
const MAX_SHOWN_CHARACTERS: usize = 120;

/// A place, and what each system has there.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// `status`, `media type`, `file name`, `allowed methods`, `token`, or a place in the body: `data[0].case_id`.
    pub place: String,
    pub old: String,
    pub new: String,
}

/// Returns the first few differences. Values are described, not shown, unless `show_values`.
pub fn between(old: &Answer, new: &Answer, show_values: bool) -> Vec<Difference> {
    let mut found = Finder { show_values, differences: Vec::new() };
    found.compare("status", &old.status.to_string(), &new.status.to_string());
    found.compare("media type", &old.media_type, &new.media_type);
    found.compare("file name", &old.disposition, &new.disposition);
    found.compare("allowed methods", &joined(&old.methods), &joined(&new.methods));
    found.compare("token", old.token.name(), new.token.name());
    match (&old.body, &new.body) {
        (Body::Json(old), Body::Json(new)) => found.values(String::new(), old, new),
        (Body::Text(old), Body::Text(new)) => found.lines(old, new),
        (old, new) => found.compare("body", kind(old), kind(new)),
    }
    found.differences.truncate(MAX_REPORTED);
    found.differences
}

fn joined(methods: &BTreeSet<String>) -> String {
    methods.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// Describes whether something is present.
pub fn present(is_there: bool) -> &'static str {
    if is_there { "there" } else { "missing" }
}

fn kind(body: &Body) -> &'static str {
    match body {
        Body::Json(_) => "JSON",
        Body::Text(_) => "text",
    }
}

struct Finder {
    show_values: bool,
    differences: Vec<Difference>,
}

impl Finder {
    fn compare(&mut self, place: &str, old: &str, new: &str) {
        if old != new {
            self.add(place.to_owned(), old.to_owned(), new.to_owned());
        }
    }

    fn add(&mut self, place: String, old: String, new: String) {
        self.differences.push(Difference { place, old, new });
    }

    fn values(&mut self, place: String, old: &Value, new: &Value) {
        if old == new || self.differences.len() >= MAX_REPORTED {
            return;
        }
        match (old, new) {
            (Value::Object(old), Value::Object(new)) => {
                for key in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
                    let place = join(&place, key, self.show_values);
                    match (old.get(key), new.get(key)) {
                        (Some(old), Some(new)) => self.values(place, old, new),
                        (old, _) => self.add(place, present(old.is_some()).into(), present(old.is_none()).into()),
                    }
                }
            }
            (Value::Array(old), Value::Array(new)) => {
                if old.len() != new.len() {
                    self.add(place.clone(), format!("list of {}", old.len()), format!("list of {}", new.len()));
                    // after an entry that one list lacks, all others would seem to differ
                    let first = old.iter().zip(new).position(|(old, new)| old != new);
                    let first = first.unwrap_or_else(|| old.len().min(new.len()));
                    let at =
                        |list: &[Value]| list.get(first).map_or("its end".to_owned(), |value| self.describe(value));
                    let (old, new) = (at(old), at(new));
                    self.add(format!("{place}[{first}]"), old, new);
                    return;
                }
                for (index, (old, new)) in old.iter().zip(new).enumerate() {
                    self.values(format!("{place}[{index}]"), old, new);
                }
            }
            _ => self.add(place, self.describe(old), self.describe(new)),
        }
    }

    /// Compares CSV: the first different line is enough to find the rest.
    fn lines(&mut self, old: &str, new: &str) {
        let (old, new): (Vec<_>, Vec<_>) = (old.lines().collect(), new.lines().collect());
        if old.len() != new.len() {
            self.add("lines".to_owned(), old.len().to_string(), new.len().to_string());
        }
        if let Some((number, (old, new))) = old.iter().zip(&new).enumerate().find(|(_, (old, new))| old != new) {
            let [old, new] = [old, new].map(|line| self.describe(&Value::from(*line)));
            self.add(format!("line {}", number + 1), old, new);
        } else if old.len() == new.len() && self.differences.is_empty() {
            self.add("line endings".to_owned(), "others".to_owned(), "others".to_owned());
        }
    }

    fn describe(&self, value: &Value) -> String {
        if self.show_values {
            return value.to_string().chars().take(MAX_SHOWN_CHARACTERS).collect();
        }
        match value {
            Value::Null => "null".to_owned(),
            Value::Bool(truth) => truth.to_string(),
            Value::Number(_) => "a number".to_owned(),
            Value::String(text) => format!("text of {} characters", text.chars().count()),
            Value::Array(items) => format!("list of {}", items.len()),
            Value::Object(fields) => format!("object of {}", fields.len()),
        }
    }
}

/// Appends a key to a place. A key that may be an address, a question or a clinical term is not shown.
fn join(place: &str, key: &str, show_values: bool) -> String {
    let is_name = key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_uppercase() || byte == b'_');
    let key = if show_values || (is_name && key.len() <= 40) { key } else { "…" };
    if place.is_empty() { key.to_owned() } else { format!("{place}.{key}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(body: Value) -> Answer {
        Answer::new(200, "application/json", Body::Json(body))
    }

    fn told(old: Value, new: Value, show_values: bool) -> Vec<String> {
        let differences = between(&answer(old), &answer(new), show_values);
        differences.iter().map(|one| format!("{}: {} / {}", one.place, one.old, one.new)).collect()
    }

    #[test]
    fn a_difference_has_a_place_and_no_value() {
        let [old, new] = [json!({"data": [{"age": "61", "id": 1}]}), json!({"data": [{"age": "7", "id": 1}]})];

        assert_eq!(told(old, new, false), ["data[0].age: text of 2 characters / text of 1 characters"]);
    }

    #[test]
    fn a_key_that_may_be_an_address_is_not_shown() {
        let [old, new] = [json!({"data": {"a@b.test": "added"}}), json!({"data": {}})];

        assert_eq!(told(old, new, false), ["data.…: there / missing"]);
    }

    #[test]
    fn values_are_shown_on_request() {
        assert_eq!(told(json!({"age": "61"}), json!({"age": "7"}), true), [r#"age: "61" / "7""#]);
    }

    #[test]
    fn different_lengths_of_lists_are_reported() {
        let told = told(json!([1, "a", 2]), json!([1, 2]), false);

        assert_eq!(told, [": list of 3 / list of 2", "[1]: text of 1 characters / a number"]);
    }
}
