//! Extractors for bodies, paths and queries, which refuse in the envelope and name the field.

use std::fmt;
use std::marker::PhantomData;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde_json::Value;

use crate::errors::{ApiError, bad_request, not_found};

/// Bodies larger than this are refused, as the load balancer refuses them for functions (1 MB).
pub const MAX_BODY_BYTES: usize = 1_048_576;

/// A JSON body. 415 without a JSON content type, 400 for what is no JSON or not of type `T`, 413 over 1 MB.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

/// Path parameters.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

/// Query parameters.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        if !is_json(request.headers()) {
            return Err(ApiError::Request(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "The body must be application/json".to_owned(),
            ));
        }
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| ApiError::Request(rejection.status(), rejection.body_text()))?;
        from_json(&body).map(Self)
    }
}

/// Reads a JSON text whose strings PostgreSQL can store.
fn from_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    // serde skips unknown fields without reading their text
    let body = std::str::from_utf8(body).map_err(|_| bad_request("body: not UTF-8"))?.as_bytes();
    refuse_nul(body)?;
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let field = error.path().to_string();
        let field = if field == "." { "body".to_owned() } else { field };
        bad_request(format!("{field}: {}", describe(error.inner())))
    })?;
    deserializer.end().map_err(|error| bad_request(format!("body: {}", describe(&error))))?;
    Ok(value)
}

/// What serde says, without the value: it may be a password.
fn describe(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    let Some((_, expected)) = text.split_once(", expected ") else {
        return if text.starts_with("invalid value") { "invalid value".to_owned() } else { text.to_owned() };
    };
    format!("expected {expected}")
}

/// PostgreSQL's text has no NUL. Looking for the escape costs little; only a body that may have one is read twice.
fn refuse_nul(body: &[u8]) -> Result<(), ApiError> {
    if !body.windows(6).any(|six| six == b"\\u0000") {
        return Ok(());
    }
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return Ok(()) };
    nul_path(&value).map_or(Ok(()), |path| {
        Err(bad_request(format!("{}: the NUL character is not allowed", path.trim_start_matches('.'))))
    })
}

fn nul_path(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then(String::new),
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(index, item)| Some(format!("[{index}]{}", nul_path(item)?)))
        }
        Value::Object(fields) => fields.iter().find_map(|(name, field)| {
            if name.contains('\0') { Some(".(name)".to_owned()) } else { Some(format!(".{name}{}", nul_path(field)?)) }
        }),
        _ => None,
    }
}

/// `application/json` or `application/*+json`, with or without parameters (RFC 6839 section 3.1).
fn is_json(headers: &HeaderMap) -> bool {
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next());
    let media_type = media_type.unwrap_or_default().trim().to_ascii_lowercase();
    media_type == "application/json" || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        if parts.uri.path().contains("%00") {
            return Err(not_found("No such resource"));
        }
        #[expect(clippy::disallowed_types, reason = "this is its wrapper")]
        let axum::extract::Path(value) = axum::extract::Path::from_request_parts(parts, state)
            .await
            .map_err(|rejection| bad_request(format!("path: {}", rejection.body_text())))?;
        Ok(Self(value))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        if parts.uri.query().is_some_and(|query| query.contains("%00")) {
            return Err(bad_request("query: the NUL character is not allowed"));
        }
        #[expect(clippy::disallowed_types, reason = "this is its wrapper")]
        let axum::extract::Query(value) = axum::extract::Query::from_request_parts(parts, state)
            .await
            .map_err(|rejection| bad_request(rejection.body_text()))?;
        Ok(Self(value))
    }
}

/// A JSON object. Without it serde takes a list for a struct too, its entries for the fields in their order.
#[derive(Clone, Copy, Debug)]
pub struct Object<T>(pub T);

impl<'de, T: serde::Deserialize<'de>> serde::Deserialize<'de> for Object<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: serde::Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

/// For `#[serde(deserialize_with = "nullable")]`: the field must be there, and may be `null`.
pub fn nullable<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: serde::Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    serde::Deserialize::deserialize(deserializer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    struct Login {
        #[expect(dead_code, reason = "only whether it can be read matters here")]
        email: String,
    }

    fn refusal(body: &str) -> String {
        from_json::<Login>(body.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn a_refusal_names_the_field() {
        assert_eq!(refusal(r#"{"email": 5}"#), "400 Bad Request: email: expected a string");
        assert_eq!(refusal("{}"), "400 Bad Request: body: missing field `email`");
        assert_eq!(refusal(r#"{"email": "a\u0000b"}"#), "400 Bad Request: email: the NUL character is not allowed");
    }

    #[test]
    fn a_refusal_does_not_repeat_the_value() {
        assert!(!refusal("\"hunter2\"").contains("hunter2"));
    }

    #[test]
    fn an_escaped_backslash_before_u0000_is_no_nul() {
        assert!(from_json::<Login>(br#"{"email": "a\\u0000b"}"#).is_ok());
    }

    #[test]
    fn a_list_is_no_object() {
        let refusal = |body: &[u8]| from_json::<Object<Login>>(body).unwrap_err().to_string();

        assert!(from_json::<Object<Login>>(br#"{"email": "a@b.c", "more": []}"#).is_ok());
        assert_eq!(refusal(br#"["a@b.c"]"#), "400 Bad Request: body: expected an object");
        assert_eq!(refusal(br#"{"email": 5}"#), "400 Bad Request: email: expected a string");
    }

    #[test]
    fn a_second_document_is_refused() {
        assert!(refusal(r#"{"email": "a"} {}"#).contains("trailing characters"));
    }

    #[test]
    fn json_content_types_have_parameters_and_suffixes() {
        for (content_type, is) in [
            ("application/json; charset=utf-8", true),
            ("APPLICATION/JSON", true),
            ("application/vnd.api+json", true),
            ("text/plain", false),
            ("application/x-www-form-urlencoded", false),
        ] {
            let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, content_type.parse().unwrap())]);
            assert_eq!(is_json(&headers), is, "{content_type}");
        }
    }
}
