//! Checks that all text and numbers of a JSON document can be read and stored. It builds no tree, which would take
//! sixteen times the memory of the text. serde's `IgnoredAny` does not check the values that it skips.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// The error for text with a NUL, which PostgreSQL's `text` cannot store.
pub(crate) const NUL_IS_NOT_ALLOWED: &str = "the NUL character is not allowed";

/// Any value whose text has no NUL (PostgreSQL's `text` cannot store it) and no unpaired surrogate, whose numbers are
/// in the range of `f64`, and which nests no deeper than serde reads (127 levels).
#[derive(Clone, Copy, Debug)]
pub struct Readable;

impl<'de> Deserialize<'de> for Readable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Readable {
    type Value = Self;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self, E> {
        if text.contains('\0') { Err(E::custom(NUL_IS_NOT_ALLOWED)) } else { Ok(self) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while let Some(Self) = items.next_element()? {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self, A::Error> {
        while let Some((Self, Self)) = fields.next_entry()? {}
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn accepts_what_serde_can_build_a_tree_of() {
        for text in [
            "null",
            "true",
            "-1",
            "18446744073709551616",
            "1e-20000",
            "1e400",
            "\"a\"",
            r#""\ud83d\ude00""#,
            r#""\ud83d""#,
            r#"[1, {"a": [null, 2.5]}]"#,
            r#"{"\ud83d": 1}"#,
            r#"{"a": "\ud83d"}"#,
            "[1,",
            "{\"a\"}",
            "",
        ] {
            let (readable, tree) = (serde_json::from_str::<Readable>(text), serde_json::from_str::<Value>(text));
            assert_eq!(readable.is_ok(), tree.is_ok(), "{text}");
        }
        let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        assert!(serde_json::from_str::<Readable>(&deep).is_err());
    }
}
