//! JSON as a column of type `json` can hold it: with NULs, lone surrogates, and numbers of any size at any depth, which
//! neither `jsonb` nor [`serde_json::Value`] takes. Read one level at a time, so that what is odd hides nothing beside it.

use std::fmt;

use indexmap::IndexMap;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::python;

/// The fields of an object in stored order; of two with the same name the later one. `None` for anything else.
pub fn fields(json: &str) -> Option<IndexMap<String, &RawValue>> {
    serde_json::from_str(json).ok().map(|Fields(fields)| fields)
}

/// The entries of a list. `None` for anything else.
pub fn entries(json: &str) -> Option<Vec<&RawValue>> {
    serde_json::from_str(json).ok()
}

/// A text, with U+FFFD for a lone surrogate. `None` for anything else.
pub fn text(json: &RawValue) -> Option<String> {
    json.get().starts_with('"').then(|| python::json_cell(json))
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
            fields.insert(python::json_cell(name), value);
        }
        Ok(Fields(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_odd_hides_nothing_beside_it() {
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
    fn of_two_fields_with_the_same_name_the_later_one_counts() {
        let fields = fields(r#"{"a": 1, "b": 2, "\u0061": 3}"#).unwrap();

        assert_eq!(fields.values().map(|value| value.get()).collect::<Vec<_>>(), ["3", "2"]);
    }

    #[test]
    fn what_is_of_another_kind_is_none() {
        for json in ["null", "1", "\"x\"", "[]", "no json", ""] {
            assert!(fields(json).is_none(), "{json}");
        }
        assert!(entries("{}").is_none());
        assert!(text(serde_json::from_str("null").unwrap()).is_none());
    }
}
