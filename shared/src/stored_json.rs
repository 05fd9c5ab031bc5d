//! JSON in columns of type `json`, which may have NULs, unpaired surrogates, and numbers of any size at any depth.
//! Neither `jsonb` nor [`serde_json::Value`] can hold these. This module parses one level at a time, so that a
//! malformed value does not affect its siblings.

use std::fmt;

use indexmap::IndexMap;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::python;

/// Returns the fields of an object in stored order, with the later of two equal names; `None` for anything else.
pub fn fields(json: &str) -> Option<IndexMap<String, &RawValue>> {
    serde_json::from_str(json).ok().map(|Fields(fields)| fields)
}

/// Returns the fields of an object with these names, with the later of two equal names; `None` for anything else.
/// Faster than [`fields`] for known names: it neither hashes nor copies names.
pub fn named<'a, const N: usize>(json: &'a str, names: [&str; N]) -> Option<[Option<&'a RawValue>; N]> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let fields = Named(names).deserialize(&mut deserializer).ok()?;
    deserializer.end().ok().map(|()| fields)
}

/// Returns the entries of a list; `None` for anything else.
pub fn entries(json: &str) -> Option<Vec<&RawValue>> {
    serde_json::from_str(json).ok()
}

/// Returns a text, with U+FFFD for an unpaired surrogate; `None` for anything else.
pub fn text(json: &RawValue) -> Option<String> {
    json.get().starts_with('"').then(|| python::json_cell(json.get()))
}

struct Fields<'a>(IndexMap<String, &'a RawValue>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
        let mut fields = IndexMap::new();
        while let Some((name, value)) = map.next_entry::<&RawValue, &RawValue>()? {
            fields.insert(python::json_cell(name.get()), value);
        }
        Ok(Fields(fields))
    }
}

struct Named<'n, const N: usize>([&'n str; N]);

impl<'de, const N: usize> DeserializeSeed<'de> for Named<'_, N> {
    type Value = [Option<&'de RawValue>; N];

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, const N: usize> Visitor<'de> for Named<'_, N> {
    type Value = [Option<&'de RawValue>; N];

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = [None; N];
        while let Some((name, value)) = map.next_entry::<&RawValue, &RawValue>()? {
            if let Some(position) = self.0.iter().position(|wanted| is_text(name, wanted)) {
                found[position] = Some(value);
            }
        }
        Ok(found)
    }
}

/// Returns whether a JSON string equals `text`; decodes only strings with escapes.
fn is_text(string: &RawValue, text: &str) -> bool {
    let quoted = string.get();
    if quoted.contains('\\') { python::json_cell(quoted) == text } else { &quoted[1..quoted.len() - 1] == text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_malformed_value_does_not_affect_its_siblings() {
        let deep = "[".repeat(5000) + &"]".repeat(5000);
        let json = format!(r#" {{"z\u0000": 1e999, "\ud800": "\udc00", "a": {deep}, "b" : "ü😀" }} "#);

        let fields = fields(&json).unwrap();

        assert_eq!(fields.keys().collect::<Vec<_>>(), ["z\0", "\u{fffd}", "a", "b"]);
        assert_eq!(fields["z\0"].get(), "1e999");
        assert_eq!(text(fields["\u{fffd}"]).as_deref(), Some("\u{fffd}"));
        assert_eq!(entries(fields["a"].get()).unwrap().len(), 1);
        assert_eq!(text(fields["b"]).as_deref(), Some("ü😀"));
    }

    #[test]
    fn keeps_the_later_of_two_equal_names() {
        let fields = fields(r#"{"a": 1, "b": 2, "\u0061": 3}"#).unwrap();

        assert_eq!(fields.values().map(|value| value.get()).collect::<Vec<_>>(), ["3", "2"]);
    }

    #[test]
    fn finds_fields_whose_names_are_escaped() {
        let json = r#" {"a": 1, "b": 2, "\u0061": 3, "c\u0000": [1e999]} "#;

        let found = named(json, ["a", "c\0", "d"]).unwrap().map(|value| value.map(RawValue::get));

        assert_eq!(found, [Some("3"), Some("[1e999]"), None]);
    }

    #[test]
    fn returns_none_for_other_types() {
        for json in ["null", "1", "\"x\"", "[]", "no json", ""] {
            assert!(fields(json).is_none(), "{json}");
            assert!(named(json, ["x"]).is_none(), "{json}");
        }
        assert!(entries("{}").is_none());
        assert!(text(serde_json::from_str("null").unwrap()).is_none());
    }
}
