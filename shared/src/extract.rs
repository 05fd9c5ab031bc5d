//! Extractors for bodies, paths and queries. They reject with the error envelope and name the field.

use std::fmt;
use std::marker::PhantomData;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use url::form_urlencoded;

use crate::errors::{ApiError, bad_request, not_found};
use crate::request_json;

/// The maximum size of a body (1 MB), which is also the load balancer's limit for functions.
pub const MAX_BODY_BYTES: usize = 1_048_576;

/// A JSON body. Rejects with 415 without a JSON content type, 413 over 1 MB, and 400 for invalid JSON, for a value not
/// of type `T`, and for text or numbers that cannot be read or stored ([`crate::readable`]), even in fields that `T`
/// ignores.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

/// A JSON body with independent entries (contract section 9, batches): the handler judges entries that cannot be read
/// or stored. Otherwise like [`Json`]; NUL is refused anywhere.
#[derive(Clone, Copy, Debug)]
pub struct JsonEntries<T>(pub T);

/// Path parameters.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

/// Query parameters.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        request_json::read(&json_body(request, state).await?).map(Self)
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonEntries<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        request_json::read_entries(&json_body(request, state).await?).map(Self)
    }
}

/// Reads the body of a request with a JSON content type.
pub(crate) async fn json_body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, ApiError> {
    if !is_json(request.headers()) {
        let message = "The body must be application/json".to_owned();
        return Err(ApiError::Request(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    Bytes::from_request(request, state)
        .await
        .map_err(|rejection| ApiError::Request(rejection.status(), rejection.body_text()))
}

/// Returns whether the content type is `application/json` or `application/*+json`, with or without parameters (RFC 6839
/// section 3.1).
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
        #[expect(clippy::disallowed_types, reason = "this extractor wraps it")]
        let axum::extract::Path(value) = axum::extract::Path::from_request_parts(parts, state)
            .await
            .map_err(|rejection| bad_request(format!("path: {}", rejection.body_text())))?;
        Ok(Self(value))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        if let Some(name) = parts.uri.query().and_then(parameter_with_nul) {
            return Err(bad_request(format!("{name}: the NUL character is not allowed")));
        }
        #[expect(clippy::disallowed_types, reason = "this extractor wraps it")]
        let axum::extract::Query(value) = axum::extract::Query::from_request_parts(parts, state)
            .await
            .map_err(|rejection| bad_request(rejection.body_text()))?;
        Ok(Self(value))
    }
}

/// Returns the name of the first parameter with a NUL, which PostgreSQL's `text` cannot store.
fn parameter_with_nul(query: &str) -> Option<String> {
    if !query.contains("%00") {
        return None;
    }
    let (name, _) =
        form_urlencoded::parse(query.as_bytes()).find(|(name, value)| format!("{name}{value}").contains('\0'))?;
    Some(if name.contains('\0') { "query".to_owned() } else { name.into_owned() })
}

/// A JSON object. Plain serde would also accept a list for a struct, as its fields in order.
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

/// Deserializes a required field that may be `null`: `#[serde(deserialize_with = "nullable")]`.
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

    #[test]
    fn a_json_content_type_may_have_parameters_and_a_suffix() {
        for (content_type, expected) in [
            ("application/json; charset=utf-8", true),
            ("APPLICATION/JSON", true),
            ("application/vnd.api+json", true),
            ("text/plain", false),
            ("application/x-www-form-urlencoded", false),
        ] {
            let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, content_type.parse().unwrap())]);
            assert_eq!(is_json(&headers), expected, "{content_type}");
        }
    }
}
