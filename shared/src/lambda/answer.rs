//! A response as an answer to the load balancer.

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

use super::RowsSent;
use crate::errors::ApiError;

/// The load balancer turns a larger answer into a 502.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html>
pub(super) const MAX_ANSWER_BYTES: usize = 1_000_000;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AlbAnswer<'a> {
    status_code: u16,
    status_description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    multi_value_headers: Option<BTreeMap<&'a str, Vec<Cow<'a, str>>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<BTreeMap<&'a str, Cow<'a, str>>>,
    body: String,
    is_base64_encoded: bool,
}

/// How much of an answer the rows of a suggested `limit` may take: the rest is for headers, for what stands behind the rows, and for
/// what a compressor had not given out when the rows were counted.
const MAX_BYTES_OF_ROWS: usize = MAX_ANSWER_BYTES / 10 * 9;

/// `response` in the form of the target group, of which the end has to be there by the `deadline`. One that is too large becomes a 413,
/// one that does not end a 503; never a part of itself.
pub(super) async fn from_response(response: Response, multi_value: bool, deadline: Instant) -> Box<RawValue> {
    let (parts, body) = response.into_parts();
    let (headers, rows) = (parts.headers.clone(), parts.extensions.get::<RowsSent>().cloned());
    // what is streamed runs now, outside of the layer that catches panics of handlers: a task of its own catches them
    let mut writing = tokio::spawn(write(parts, body, rows.unwrap_or_default(), multi_value));
    let answer = if let Ok(written) = timeout_at(deadline, &mut writing).await {
        written.unwrap_or_else(|_panic| Err(ApiError::Fault("panic".to_owned())))
    } else {
        writing.abort();
        tracing::error!("the end of an answer did not come in time");
        Err(ApiError::Overloaded("no answer in time"))
    };
    match answer {
        Ok(answer) => answer,
        Err(error) => {
            let (parts, body) = instead(error, &headers).into_parts();
            // an error's answer is small and complete
            let written = write(parts, body, RowsSent::default(), multi_value).await;
            written.unwrap_or_else(|_| RawValue::NULL.to_owned())
        }
    }
}

/// `error` in the place of an answer, of which the headers stay that are about the request (its id, the token, CORS).
fn instead(error: ApiError, headers: &HeaderMap) -> Response {
    let request_id = headers.get("x-request-id").and_then(|id| id.to_str().ok());
    let mut response = error.into_response();
    tracing::info!(request_id, status = response.status().as_u16(), "answered otherwise");
    let own = response.headers().clone();
    for (name, value) in headers {
        let is_about_body = name.as_str().starts_with("content-") || name == header::LINK;
        if !is_about_body && !own.contains_key(name) {
            response.headers_mut().append(name, value.clone());
        }
    }
    response
}

async fn write(parts: Parts, body: Body, rows: RowsSent, multi_value: bool) -> Result<Box<RawValue>, ApiError> {
    let whole = whole(body, is_text(&parts.headers), &rows).await?;
    let (body, is_base64_encoded) = match String::from_utf8(whole.bytes) {
        Ok(text) if is_text(&parts.headers) => (text, false),
        Ok(text) => (STANDARD.encode(text), true),
        Err(bytes) => (STANDARD.encode(bytes.as_bytes()), true),
    };
    let mut multi = BTreeMap::<&str, Vec<Cow<'_, str>>>::new();
    for (name, value) in &parts.headers {
        multi.entry(name.as_str()).or_default().push(String::from_utf8_lossy(value.as_bytes()));
    }
    // a target group without multi-value headers takes one value a name
    let single = || multi.iter().filter_map(|(name, values)| Some((*name, values.last()?.clone()))).collect();
    let answer = AlbAnswer {
        status_code: parts.status.as_u16(),
        status_description: format!(
            "{} {}",
            parts.status.as_u16(),
            parts.status.canonical_reason().unwrap_or_default()
        ),
        headers: (!multi_value).then(single),
        multi_value_headers: multi_value.then_some(multi),
        body,
        is_base64_encoded,
    };
    let answer = to_raw_value(&answer).map_err(|error| ApiError::Fault(error.to_string()))?;
    if answer.get().len() > MAX_ANSWER_BYTES { Err(too_large(&rows, whole.fitting_rows)) } else { Ok(answer) }
}

struct Whole {
    bytes: Vec<u8>,
    fitting_rows: usize,
}

/// Collects a body, and gives up, which ends its stream, as soon as it is larger than an answer may be.
async fn whole(mut body: Body, is_text: bool, rows: &RowsSent) -> Result<Whole, ApiError> {
    let (mut bytes, mut text_size, mut fitting_rows) = (Vec::new(), 0, 0);
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame.map_err(broken_off)?.into_data() else { continue };
        bytes.extend_from_slice(&frame);
        let size = if is_text {
            text_size += size_in_json(&frame);
            text_size
        } else {
            base64::encoded_len(bytes.len(), true).unwrap_or(usize::MAX)
        };
        if size > MAX_ANSWER_BYTES {
            return Err(too_large(rows, fitting_rows));
        }
        if size <= MAX_BYTES_OF_ROWS {
            fitting_rows = rows.count();
        }
    }
    Ok(Whole { bytes, fitting_rows })
}

/// How long text is in a JSON string (RFC 8259 section 7).
fn size_in_json(text: &[u8]) -> usize {
    let more = |&byte: &u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 1,
        ..0x20 => 5,
        _ => 0,
    };
    text.len() + text.iter().map(more).sum::<usize>()
}

/// The stream's own error, which is logged where it came up, if it is one of ours.
fn broken_off(error: axum::Error) -> ApiError {
    match error.into_inner().downcast::<ApiError>() {
        Ok(error) => *error,
        Err(error) => ApiError::Fault(format!("answer ended early: {error}")),
    }
}

fn too_large(rows: &RowsSent, fitting_rows: usize) -> ApiError {
    let advice = match (rows.count(), fitting_rows) {
        (0, _) => "ask for less at a time".to_owned(),
        (_, 0) => "not even its first row fits".to_owned(),
        (_, fitting) => format!("limit={fitting} fits"),
    };
    let message = format!("The answer is larger than a load balancer takes from a function (1 MB): {advice}");
    ApiError::Request(StatusCode::PAYLOAD_TOO_LARGE, message)
}

/// Text goes as it is; anything else, and what is compressed, as base64.
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
    use serde_json::Value;
    use std::time::Duration;

    async fn answer(response: Response, multi_value: bool) -> Value {
        let deadline = Instant::now() + Duration::from_secs(1);
        from_response(response, multi_value, deadline).await.get().parse().unwrap()
    }

    #[tokio::test]
    async fn an_answer_that_does_not_end_is_a_503_at_the_deadline() {
        let beginning = stream::once(async { Ok::<_, ApiError>("[1,") });
        let body = Body::from_stream(beginning.chain(stream::pending()));

        let answer = answer(Response::new(body), false).await;

        assert_eq!((&answer["statusCode"], &answer["headers"]["retry-after"]), (&503.into(), &"1".into()));
    }

    #[tokio::test]
    async fn keeps_every_cookie() {
        let mut response = "ok".into_response();
        for cookie in ["a=1", "b=2"] {
            response.headers_mut().append(header::SET_COOKIE, HeaderValue::from_static(cookie));
        }

        let answer = answer(response, true).await;

        assert_eq!(answer["multiValueHeaders"]["set-cookie"], serde_json::json!(["a=1", "b=2"]));
        assert_eq!(answer["statusDescription"], "200 OK");
    }

    #[tokio::test]
    async fn bytes_are_base64() {
        let response = ([(header::CONTENT_TYPE, "application/octet-stream")], vec![0xff_u8, 0]).into_response();

        let answer = answer(response, true).await;

        assert_eq!((answer["body"].as_str(), answer["isBase64Encoded"].as_bool()), (Some("/wA="), Some(true)));
    }

    #[tokio::test]
    async fn an_answer_that_is_too_large_is_refused_and_not_cut() {
        let answer = answer("x".repeat(MAX_ANSWER_BYTES).into_response(), false).await;

        assert_eq!(answer["statusCode"], 413);
        assert_eq!(answer["headers"]["content-type"], "application/json");
    }
}
