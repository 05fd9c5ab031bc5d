//! Parses JSON bodies as clients of the old system may send them, and refuses what cannot be read or stored.
//!
//! Python's `json` accepts more than RFC 8259: `NaN` and `Infinity` are numbers, and the last of several fields with
//! one name wins (contract, area `auth`, "login request formats").

use std::borrow::Cow;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Deserializer, Error};
use serde_path_to_error::Path;

use crate::errors::{ApiError, bad_request};
use crate::readable::{NUL_IS_NOT_ALLOWED, Readable};
use crate::stored_json;

/// Error messages truncate longer field names: the client chooses them, and they may be as long as the body.
const MAX_FIELD_CHARACTERS: usize = 80;

/// Parses `body` as a `T`. Fails with 400 naming the invalid field, even among fields that `T` ignores.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    let body = std::str::from_utf8(body).map_err(|_| bad_request("body: not UTF-8"))?;
    let checked = with_nan_as("0", body);
    // parse with the path to the field only on failure, because tracking it is slower than checking
    if serde_json::from_str::<Readable>(&checked).is_err() {
        parse::<Readable>(&checked)?;
    }
    // serde refuses a number this large, so NaN is accepted only in fields that `T` ignores
    parse_like_python(&with_nan_as("1e999", body))
}

/// Parses `body` as a `T` whose entries the handler checks one by one. Fails with 400 if it is not JSON or not a `T`,
/// or contains a NUL.
pub(crate) fn read_entries<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    let body = std::str::from_utf8(body).map_err(|_| bad_request("body: not UTF-8"))?;
    match parse::<Readable>(&with_nan_as("0", body)) {
        Err(refusal) if refusal.message.ends_with(NUL_IS_NOT_ALLOWED) => return Err(refusal.into()),
        // the error may be in an entry before the NUL
        Err(_) if has_escaped_nul(body) => return Err(bad_request(format!("body: {NUL_IS_NOT_ALLOWED}"))),
        _ => {}
    }
    parse_like_python(&with_nan_as("1e999", body))
}

/// Parses a text as a `T`; the last of several fields with one name wins.
fn parse_like_python<T: DeserializeOwned>(body: &str) -> Result<T, ApiError> {
    match parse(body) {
        Err(Refusal { is_repeated_field: true, .. }) => Ok(parse(&without_repeated_fields(body))?),
        read => Ok(read?),
    }
}

fn has_escaped_nul(body: &str) -> bool {
    body.match_indices(r"\u0000").any(|(at, _)| {
        let backslashes = body[..at].bytes().rev().take_while(|byte| *byte == b'\\').count();
        backslashes.is_multiple_of(2)
    })
}

struct Refusal {
    message: String,
    is_repeated_field: bool,
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        bad_request(refusal.message)
    }
}

fn parse<T: DeserializeOwned>(body: &str) -> Result<T, Refusal> {
    let refusal = |field: &str, error: &Error| Refusal {
        message: format!("{field}: {}", describe(error)),
        is_repeated_field: error.to_string().starts_with("duplicate field"),
    };
    let mut deserializer = Deserializer::from_str(body);
    let value = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| refusal(&field(error.path()), error.inner()))?;
    deserializer.end().map_err(|error| refusal("body", &error))?;
    Ok(value)
}

fn field(path: &Path) -> String {
    let field = path.to_string();
    if field == "." { "body".to_owned() } else { field.chars().take(MAX_FIELD_CHARACTERS).collect() }
}

/// Describes serde's error without the value, which may be a password.
fn describe(error: &Error) -> String {
    let text = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    let text = text.strip_suffix(&position).unwrap_or(&text);
    // the last one, because the value comes before it and may contain the same words
    match text.rsplit_once(", expected ") {
        Some((_, expected)) => format!("expected {expected}"),
        None if text == "recursion limit exceeded" => "nested too deeply".to_owned(),
        None => text.to_owned(),
    }
}

/// Replaces each `NaN` and `Infinity` outside strings by `number`.
fn with_nan_as<'a>(number: &str, body: &'a str) -> Cow<'a, str> {
    if !body.contains("NaN") && !body.contains("Infinity") {
        return Cow::Borrowed(body);
    }
    // within a string, quotes and backslashes are escaped by a backslash
    let (mut written, mut is_string, mut rest) = (String::with_capacity(body.len()), false, body);
    while let Some(next) = rest.chars().next() {
        let constant = ["NaN", "Infinity"].into_iter().find(|constant| !is_string && rest.starts_with(constant));
        let length = match (constant, next) {
            (Some(constant), _) => constant.len(),
            (None, '\\') => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            _ => next.len_utf8(),
        };
        written.push_str(if constant.is_some() { number } else { &rest[..length] });
        is_string ^= next == '"';
        rest = &rest[length..];
    }
    Cow::Owned(written)
}

/// Keeps the last of several fields with one name; all text and numbers stay as written.
fn without_repeated_fields(json: &str) -> String {
    let mut written = String::with_capacity(json.len());
    push_without_repeated_fields(&mut written, json);
    written
}

fn push_without_repeated_fields(written: &mut String, json: &str) {
    let mut separator = "";
    if let Some(fields) = stored_json::fields(json) {
        written.push('{');
        for (name, value) in fields {
            written.extend([separator, &serde_json::Value::from(name).to_string(), ":"]);
            push_without_repeated_fields(written, value.get());
            separator = ",";
        }
        written.push('}');
    } else if let Some(entries) = stored_json::entries(json) {
        written.push('[');
        for value in entries {
            written.push_str(separator);
            push_without_repeated_fields(written, RawValue::get(value));
            separator = ",";
        }
        written.push(']');
    } else {
        written.push_str(json);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::Object;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    struct Login {
        email: String,
        #[serde(default)]
        details: Option<Box<RawValue>>,
    }

    fn refusal(body: &str) -> String {
        read::<Login>(body.as_bytes()).unwrap_err().to_string()
    }

    fn deep() -> String {
        format!("{}{}", "[".repeat(200), "]".repeat(200))
    }

    #[test]
    fn an_error_names_the_field() {
        assert_eq!(refusal(r#"{"email": 5}"#), "400 Bad Request: email: expected a string");
        assert_eq!(refusal("{}"), "400 Bad Request: body: missing field `email`");
        assert_eq!(refusal(r#"{"email": "a\u0000b"}"#), "400 Bad Request: email: the NUL character is not allowed");
        assert_eq!(refusal(r#"{"email": NaN}"#), "400 Bad Request: email: number out of range");
    }

    #[test]
    fn checks_ignored_fields_too() {
        let deep = deep();
        for odd in [r#""\u0000""#, r#""\ud800""#, "1e999", "-1e999", r#"{"\u0000": 1}"#, &deep] {
            let refused = refusal(&format!(r#"{{"email": "a", "z": {odd}}}"#));
            assert!(refused.starts_with("400 Bad Request: z"), "{odd}: {refused}");
        }
    }

    #[test]
    fn deep_nesting_is_described_in_plain_words() {
        let refused = refusal(&format!(r#"{{"email": "a", "z": {}}}"#, deep()));

        assert!(refused.ends_with(": nested too deeply"), "{refused}");
    }

    #[test]
    fn refuses_combined_faults() {
        assert!(read::<Login>(br#"{"email": "a\u0000b", "z": 1e999}"#).is_err());
        assert!(read::<Login>(br#"{"z": NaN, "email": "a\u0000b"}"#).is_err());
    }

    #[test]
    fn accepts_pythons_constants_in_ignored_fields() {
        let body = r#"{"email": "NaN \"Infinity\" \\", "z": [NaN, Infinity, -Infinity]}"#;

        assert_eq!(read::<Login>(body.as_bytes()).unwrap().email, r#"NaN "Infinity" \"#);
        assert!(read::<Login>(br#"{"email": "a", "z": Infinity}"#).is_ok());
    }

    #[test]
    fn keeps_the_last_of_repeated_fields_as_written() {
        let login = |body: &str| read::<Object<Login>>(body.as_bytes()).unwrap().0;
        let repeated = login(r#"{"email": "x", "details": [1.50, {"a": 1, "a": 2e0}], "em\u0061il": "y"}"#);

        assert_eq!(repeated.email, "y");
        assert_eq!(repeated.details.unwrap().get(), r#"[1.50,{"a":2e0}]"#);
    }

    #[test]
    fn an_error_does_not_repeat_the_value() {
        for value in ["hunter2", "hunter2 at line 1", "the word, expected hunter2", "hunter2, expected more"] {
            let refused = refusal(&format!("\"{value}\""));
            assert!(refused.ends_with("body: expected struct Login"), "{refused}");
        }
    }

    #[test]
    fn an_escaped_backslash_before_u0000_is_not_a_nul() {
        assert!(read::<Login>(br#"{"email": "a\\u0000b"}"#).is_ok());
    }

    #[test]
    fn a_list_is_not_an_object() {
        let refusal = |body: &[u8]| read::<Object<Login>>(body).unwrap_err().to_string();

        assert!(read::<Object<Login>>(br#"{"email": "a@b.c", "more": []}"#).is_ok());
        assert_eq!(refusal(br#"["a@b.c"]"#), "400 Bad Request: body: expected an object");
        assert_eq!(refusal(br#"{"email": 5}"#), "400 Bad Request: email: expected a string");
    }

    #[test]
    fn refuses_a_second_document() {
        assert!(refusal(r#"{"email": "a"} {}"#).contains("trailing characters"));
    }
}
