//! A response as an answer to the load balancer.

use std::collections::BTreeMap;

use axum::body::to_bytes;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::Value;

use crate::errors::ApiError;

/// The load balancer turns a larger answer into a 502.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html>
const MAX_ANSWER_BYTES: usize = 1_000_000;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AlbAnswer {
    status_code: u16,
    status_description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    multi_value_headers: Option<BTreeMap<String, Vec<String>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<BTreeMap<String, String>>,
    body: String,
    is_base64_encoded: bool,
}

/// `response` in the form of the target group; one that is too large becomes a 413, never a part of itself.
pub(super) async fn from_response(response: Response, multi_value: bool) -> Value {
    match write(response, multi_value).await {
        Ok(answer) => answer,
        // an error's answer is small and complete
        Err(error) => write(error.into_response(), multi_value).await.unwrap_or_default(),
    }
}

async fn write(response: Response, multi_value: bool) -> Result<Value, ApiError> {
    let (parts, body) = response.into_parts();
    let body =
        to_bytes(body, usize::MAX).await.map_err(|error| ApiError::Fault(format!("answer ended early: {error}")))?;
    let (body, is_base64_encoded) = match String::from_utf8(body.into()) {
        Ok(text) if is_text(&parts.headers) => (text, false),
        Ok(text) => (STANDARD.encode(text), true),
        Err(bytes) => (STANDARD.encode(bytes.as_bytes()), true),
    };
    let mut multi = BTreeMap::<String, Vec<String>>::new();
    for (name, value) in &parts.headers {
        multi.entry(name.to_string()).or_default().push(String::from_utf8_lossy(value.as_bytes()).into_owned());
    }
    // a target group without multi-value headers takes one value a name
    let single = || multi.iter().filter_map(|(name, values)| Some((name.clone(), values.last()?.clone()))).collect();
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
    let answer = serde_json::to_value(answer).map_err(|error| ApiError::Fault(error.to_string()))?;
    if answer.to_string().len() > MAX_ANSWER_BYTES {
        let message = "The answer is larger than a load balancer takes from a function (1 MB); ask for less at a time";
        return Err(ApiError::Request(StatusCode::PAYLOAD_TOO_LARGE, message.to_owned()));
    }
    Ok(answer)
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

    #[tokio::test]
    async fn keeps_every_cookie() {
        let mut response = "ok".into_response();
        for cookie in ["a=1", "b=2"] {
            response.headers_mut().append(header::SET_COOKIE, HeaderValue::from_static(cookie));
        }

        let answer = from_response(response, true).await;

        assert_eq!(answer["multiValueHeaders"]["set-cookie"], serde_json::json!(["a=1", "b=2"]));
        assert_eq!(answer["statusDescription"], "200 OK");
    }

    #[tokio::test]
    async fn bytes_are_base64() {
        let response = ([(header::CONTENT_TYPE, "application/octet-stream")], vec![0xff_u8, 0]).into_response();

        let answer = from_response(response, true).await;

        assert_eq!((answer["body"].as_str(), answer["isBase64Encoded"].as_bool()), (Some("/wA="), Some(true)));
    }

    #[tokio::test]
    async fn an_answer_that_is_too_large_is_refused_and_not_cut() {
        let answer = from_response("x".repeat(MAX_ANSWER_BYTES).into_response(), false).await;

        assert_eq!(answer["statusCode"], 413);
        assert_eq!(answer["headers"]["content-type"], "application/json");
    }
}
