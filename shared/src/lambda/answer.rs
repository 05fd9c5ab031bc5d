//! Turns a response into an answer for the source of the event.

use std::borrow::Cow;
use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::response::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_body_util::BodyExt;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use tokio::time::{Instant, timeout_at};
use tracing::Instrument as _;

use super::RowsSent;
use super::event::Source;
use crate::answer_limit;
use crate::errors::ApiError;

/// An answer for every source: each reads some members and ignores the others.
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

/// Reduces the values of each name to one.
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
fn joined(mut values: Vec<Cow<'_, str>>) -> Option<Cow<'_, str>> {
    if values.len() > 1 { Some(values.join(", ").into()) } else { values.pop() }
}

/// Returns how much of an answer the rows of a suggested `limit` may take. The rest is for the headers, for what
/// follows the rows, and for output that a compressor still held back when the rows were counted.
fn max_row_bytes(source: Source) -> usize {
    source.max_answer_bytes() / 10 * 9
}

/// Returns `response` in the form that `source` reads. An answer that is too large becomes a 413, and one that is
/// incomplete at the `deadline` a 503; answers are never truncated.
pub(super) async fn from_response(response: Response, source: Source, deadline: Instant) -> Box<RawValue> {
    let (parts, body) = response.into_parts();
    let (headers, rows) = (parts.headers.clone(), parts.extensions.get::<RowsSent>().cloned());
    // streaming happens here, outside the layer that catches panics of handlers; a separate task catches them
    let mut writing = tokio::spawn(write(parts, body, rows.unwrap_or_default(), source).in_current_span());
    let answer = if let Ok(written) = timeout_at(deadline, &mut writing).await {
        written.unwrap_or_else(|_panic| Err(ApiError::Fault("panic".to_owned())))
    } else {
        writing.abort();
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
        error = match error.downcast::<ApiError>().map_err(|other| other.downcast::<axum::Error>()) {
            Ok(own) => return *own,
            Err(Ok(wrapped)) => wrapped.into_inner(),
            Err(Err(other)) => return ApiError::Fault(format!("answer ended early: {other}")),
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
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use futures_util::{StreamExt as _, stream};
    use serde_json::{Value, json};
    use std::time::Duration;

    const MULTI: Source = Source::LoadBalancer { is_multi_value: true };
    const SINGLE: Source = Source::LoadBalancer { is_multi_value: false };

    async fn answer(response: Response, source: Source) -> Value {
        let deadline = Instant::now() + Duration::from_secs(1);
        from_response(response, source, deadline).await.get().parse().unwrap()
    }

    #[tokio::test]
    async fn an_incomplete_answer_is_a_503_at_the_deadline() {
        let beginning = stream::once(async { Ok::<_, ApiError>("[1,") });
        let body = Body::from_stream(beginning.chain(stream::pending()));

        let answer = answer(Response::new(body), SINGLE).await;

        assert_eq!((&answer["statusCode"], &answer["headers"]["retry-after"]), (&503.into(), &"1".into()));
    }

    #[tokio::test]
    async fn an_answer_whose_rows_fail_has_their_status_whatever_wraps_its_body() {
        for layers in 0..3 {
            let mut body = Body::from_stream(stream::once(async { Err::<&str, _>(ApiError::Overloaded("no rows")) }));
            for _ in 0..layers {
                body = Body::new(body.map_err(axum::BoxError::from));
            }

            assert_eq!(answer(Response::new(body), SINGLE).await["statusCode"], 503, "{layers}");
        }
    }

    #[tokio::test]
    async fn keeps_every_cookie() {
        let mut response = "ok".into_response();
        for cookie in ["a=1", "b=2"] {
            response.headers_mut().append(header::SET_COOKIE, HeaderValue::from_static(cookie));
        }

        let answer = answer(response, MULTI).await;

        assert_eq!(answer["multiValueHeaders"]["set-cookie"], json!(["a=1", "b=2"]));
        assert_eq!(answer["statusDescription"], "200 OK");
    }

    #[tokio::test]
    async fn sends_bytes_as_base64() {
        let response = ([(header::CONTENT_TYPE, "application/octet-stream")], vec![0xff_u8, 0]).into_response();

        let answer = answer(response, MULTI).await;

        assert_eq!((answer["body"].as_str(), answer["isBase64Encoded"].as_bool()), (Some("/wA="), Some(true)));
    }

    #[tokio::test]
    async fn writes_repeated_headers_in_the_form_of_each_source() {
        let of = async |source| {
            let mut response = "ok".into_response();
            for (name, value) in [("vary", "origin"), ("vary", "accept"), ("set-cookie", "a=1"), ("set-cookie", "b=2")]
            {
                response.headers_mut().append(name, HeaderValue::from_static(value));
            }
            answer(response, source).await
        };

        let (rest, http, lattice) = (of(Source::RestApi).await, of(Source::HttpApi).await, of(Source::Lattice).await);

        assert_eq!(rest["multiValueHeaders"]["vary"], json!(["origin", "accept"]));
        assert_eq!(rest.get("headers"), None, "API Gateway would add them to the others");
        assert_eq!((&http["headers"]["vary"], &http["cookies"]), (&json!("origin, accept"), &json!(["a=1", "b=2"])));
        assert_eq!(http["headers"].get("set-cookie"), None);
        assert_eq!((&lattice["headers"]["vary"], lattice.get("cookies")), (&json!("origin, accept"), None));
    }

    #[tokio::test]
    async fn an_answer_that_is_too_large_is_a_413_and_not_truncated() {
        for source in [SINGLE, Source::HttpApi] {
            let answer = answer("x".repeat(source.max_answer_bytes()).into_response(), source).await;

            assert_eq!(answer["statusCode"], 413);
            assert_eq!(answer["headers"]["content-type"], "application/json");
        }
    }
}
