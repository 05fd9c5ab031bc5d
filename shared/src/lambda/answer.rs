//! Turns a response into an answer for the source of the event.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;

use axum::body::Body;
use axum::http::response::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::FutureExt as _;
use http_body_util::BodyExt;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use tokio::time::{Instant, timeout_at};

use super::RowsSent;
use super::event::Source;
use crate::answer_limit;
use crate::errors::ApiError;

/// An answer in the form that all sources read. Each source ignores the members that it does not know.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    status_code: u16,
    status_description: String,
    #[serde(flatten)]
    headers: Headers<'a>,
    body: String,
    is_base64_encoded: bool,
}

/// The headers of an answer, in the form that the source expects.
#[derive(Serialize)]
#[serde(rename_all = "camelCase", untagged)]
enum Headers<'a> {
    #[serde(rename_all = "camelCase")]
    Multi {
        multi_value_headers: BTreeMap<&'a str, Vec<Cow<'a, str>>>,
    },
    Single {
        headers: BTreeMap<&'a str, Cow<'a, str>>,
    },
    /// Payload format 2.0, with the members that `lambda_http` writes: `cargo lambda watch` fails with 500 if `cookies`
    /// is missing.
    #[serde(rename_all = "camelCase")]
    WithCookies {
        headers: BTreeMap<&'a str, Cow<'a, str>>,
        multi_value_headers: BTreeMap<&'a str, Vec<Cow<'a, str>>>,
        cookies: Vec<Cow<'a, str>>,
    },
}

impl<'a> Headers<'a> {
    fn of(headers: &'a HeaderMap, source: Source) -> Self {
        let mut multi = BTreeMap::<&str, Vec<Cow<'_, str>>>::new();
        for (name, value) in headers {
            multi.entry(name.as_str()).or_default().push(String::from_utf8_lossy(value.as_bytes()));
        }
        match source {
            Source::LoadBalancer { is_multi_value: true } | Source::RestApi => {
                Self::Multi { multi_value_headers: multi }
            }
            Source::LoadBalancer { is_multi_value: false } => Self::Single { headers: single(multi, last) },
            Source::HttpApi => {
                let cookies = multi.remove(header::SET_COOKIE.as_str()).unwrap_or_default();
                Self::WithCookies { headers: single(multi, joined), multi_value_headers: BTreeMap::new(), cookies }
            }
            Source::Lattice => Self::Single { headers: single(multi, joined) },
        }
    }
}

/// Reduces the values of each name to one with `one_of`.
fn single<'a>(
    multi: BTreeMap<&'a str, Vec<Cow<'a, str>>>,
    one_of: fn(Vec<Cow<'a, str>>) -> Option<Cow<'a, str>>,
) -> BTreeMap<&'a str, Cow<'a, str>> {
    multi.into_iter().filter_map(|(name, values)| Some((name, one_of(values)?))).collect()
}

fn last(mut values: Vec<Cow<'_, str>>) -> Option<Cow<'_, str>> {
    values.pop()
}

/// Joins a list into one header with commas (RFC 9110 section 5.3).
fn joined(values: Vec<Cow<'_, str>>) -> Option<Cow<'_, str>> {
    values.into_iter().reduce(|list, value| list + ", " + value)
}

/// Returns how many bytes of an answer rows may take, to suggest a `limit`. The rest is for the headers, for what
/// follows the rows, and for output that a compressor had not yet released when the rows were counted.
fn max_row_bytes(source: Source) -> usize {
    source.max_answer_bytes() / 10 * 9
}

/// Returns `response` in the form that `source` reads. An answer that is too large becomes a 413, and one that is
/// incomplete at the `deadline` a 503; answers are never truncated.
pub(super) async fn from_response(response: Response, source: Source, deadline: Instant) -> Box<RawValue> {
    let (parts, body) = response.into_parts();
    let (headers, rows) = (parts.headers.clone(), parts.extensions.get::<RowsSent>().cloned());
    // this code polls streams outside the layer that catches panics of handlers
    let writing = AssertUnwindSafe(write(parts, body, rows.unwrap_or_default(), source)).catch_unwind();
    // an answer that is complete, such as the error for a missed deadline, is written even after the deadline
    let answer = if let Ok(written) = timeout_at(deadline, writing).await {
        written.unwrap_or_else(|_panic| Err(ApiError::Fault("panic".to_owned())))
    } else {
        tracing::error!("a streamed answer did not end before the deadline");
        Err(ApiError::Overloaded("no answer in time"))
    };
    match answer {
        Ok(answer) => answer,
        Err(error) => {
            let (parts, body) = replacement(error, &headers).into_parts();
            // an error's answer is small and complete
            let written = write(parts, body, RowsSent::default(), source).await;
            written.unwrap_or_else(|_| RawValue::NULL.to_owned())
        }
    }
}

/// Returns `error` as the answer, and keeps the headers that belong to the request (its id, the token, CORS).
fn replacement(error: ApiError, headers: &HeaderMap) -> Response {
    let request_id = headers.get("x-request-id").and_then(|id| id.to_str().ok());
    let mut response = error.into_response();
    tracing::info!(request_id, status = response.status().as_u16(), "answer replaced by an error");
    let own = response.headers().clone();
    for (name, value) in headers {
        let is_about_body = name.as_str().starts_with("content-") || name == header::LINK;
        if !is_about_body && !own.contains_key(name) {
            response.headers_mut().append(name, value.clone());
        }
    }
    response
}

async fn write(parts: Parts, body: Body, rows: RowsSent, source: Source) -> Result<Box<RawValue>, ApiError> {
    let collected = collect(body, is_text(&parts.headers), &rows, source).await?;
    let (body, is_base64_encoded) = match String::from_utf8(collected.bytes) {
        Ok(text) if is_text(&parts.headers) => (text, false),
        Ok(text) => (STANDARD.encode(text), true),
        Err(bytes) => (STANDARD.encode(bytes.as_bytes()), true),
    };
    let answer = Answer {
        status_code: parts.status.as_u16(),
        status_description: format!(
            "{} {}",
            parts.status.as_u16(),
            parts.status.canonical_reason().unwrap_or_default()
        ),
        headers: Headers::of(&parts.headers, source),
        body,
        is_base64_encoded,
    };
    let answer = to_raw_value(&answer).map_err(|error| ApiError::Fault(error.to_string()))?;
    if answer.get().len() > source.max_answer_bytes() {
        Err(too_large(&rows, collected.fitting_rows, source))
    } else {
        Ok(answer)
    }
}

struct Collected {
    bytes: Vec<u8>,
    fitting_rows: usize,
}

/// Collects a body. Stops, and thereby cancels its stream, as soon as it exceeds the maximum size.
async fn collect(mut body: Body, is_text: bool, rows: &RowsSent, source: Source) -> Result<Collected, ApiError> {
    let (mut bytes, mut text_size, mut fitting_rows) = (Vec::new(), 0, 0);
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame.map_err(stream_error)?.into_data() else { continue };
        bytes.extend_from_slice(&frame);
        let size = if is_text {
            text_size += length_in_json(&frame);
            text_size
        } else {
            base64::encoded_len(bytes.len(), true).unwrap_or(usize::MAX)
        };
        if size > source.max_answer_bytes() {
            return Err(too_large(rows, fitting_rows, source));
        }
        if size <= max_row_bytes(source) {
            fitting_rows = rows.count();
        }
    }
    Ok(Collected { bytes, fitting_rows })
}

/// Returns the length of text in a JSON string (RFC 8259 section 7).
fn length_in_json(text: &[u8]) -> usize {
    let more = |&byte: &u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 1,
        ..0x20 => 5,
        _ => 0,
    };
    text.len() + text.iter().map(more).sum::<usize>()
}

/// Returns the stream's own error if it is an `ApiError`, which was logged where it occurred. A layer around the body, such
/// as compression, wraps the error once more.
fn stream_error(error: axum::Error) -> ApiError {
    let mut error = error.into_inner();
    loop {
        error = match error.downcast::<ApiError>() {
            Ok(own) => return *own,
            Err(other) => match other.downcast::<axum::Error>() {
                Ok(wrapped) => wrapped.into_inner(),
                Err(other) => return ApiError::Fault(format!("answer ended early: {other}")),
            },
        };
    }
}

fn too_large(rows: &RowsSent, fitting_rows: usize, source: Source) -> ApiError {
    let advice = match (rows.count(), fitting_rows) {
        (0, _) => "ask for less at a time".to_owned(),
        (_, 0) => "not even its first row fits".to_owned(),
        (_, fitting) => format!("limit={fitting} fits"),
    };
    let limit = answer_limit::describe(source.max_answer_bytes());
    let message = format!("The answer is larger than {limit}: {advice}");
    ApiError::Request(StatusCode::PAYLOAD_TOO_LARGE, message)
}

/// Text is sent as is; everything else, including compressed text, is sent as base64.
fn is_text(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_text = content_type.starts_with("text/") || content_type.starts_with("application/json");
    is_text && !headers.contains_key(header::CONTENT_ENCODING)
}

#[cfg(test)]
mod tests;
