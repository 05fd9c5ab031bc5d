//! Converts a function's answer to a response.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html#respond-to-load-balancer>

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::body::Bytes;
use hyper::ext::ReasonPhrase;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use serde::Deserialize;

use super::own::is_hop_by_hop;

/// The load balancer's limit for the whole answer, in bytes.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;
/// The load balancer's limit for response headers, in bytes.
const MAX_HEADERS_BYTES: usize = 32 * 1024;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    status_code: u16,
    status_description: Option<String>,
    headers: Option<BTreeMap<String, String>>,
    multi_value_headers: Option<BTreeMap<String, Vec<String>>>,
    body: Option<String>,
    is_base64_encoded: Option<bool>,
}

/// Why an answer is malformed; the client gets a 502.
#[derive(Debug, thiserror::Error)]
pub(super) enum Malformed {
    #[error("the answer has {0} bytes, 1 MB is allowed")]
    TooLarge(usize),
    /// Omits the parser's message, because it quotes the answer.
    #[error("the answer is malformed at byte {}", .0.column())]
    Shape(#[from] serde_json::Error),
    #[error("{0} is not a valid status")]
    Status(u16),
    #[error("the header {0} is not valid")]
    Header(String),
    #[error("the headers have {0} bytes, 32 K are allowed")]
    Headers(usize),
    #[error("the body is not valid base64")]
    Base64,
}

/// Builds the response. With multi-value headers enabled, it reads only `multiValueHeaders`, otherwise only `headers`.
pub(super) fn response(answer: &[u8], multi_value_headers: bool) -> Result<Response<Bytes>, Malformed> {
    if answer.len() > MAX_ANSWER_BYTES {
        return Err(Malformed::TooLarge(answer.len()));
    }
    let answer: Answer = serde_json::from_slice(answer)?;
    let status = StatusCode::from_u16(answer.status_code).map_err(|_| Malformed::Status(answer.status_code))?;
    if status.is_informational() {
        return Err(Malformed::Status(answer.status_code));
    }
    let body = answer.body.unwrap_or_default();
    let body = match answer.is_base64_encoded {
        Some(true) => STANDARD.decode(body).map_err(|_| Malformed::Base64)?,
        _ => body.into_bytes(),
    };
    let headers = if multi_value_headers {
        answer.multi_value_headers.unwrap_or_default()
    } else {
        answer.headers.unwrap_or_default().into_iter().map(|(name, value)| (name, vec![value])).collect()
    };
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = header_map(headers)?;
    if let Some(reason) = answer.status_description.as_deref().and_then(reason_phrase) {
        response.extensions_mut().insert(reason);
    }
    Ok(response)
}

fn header_map(headers: BTreeMap<String, Vec<String>>) -> Result<HeaderMap, Malformed> {
    let mut map = HeaderMap::new();
    let mut size = 0;
    for (name, values) in headers {
        let header = HeaderName::try_from(&name).map_err(|_| Malformed::Header(name.clone()))?;
        for value in values {
            size += name.len() + value.len();
            let value = HeaderValue::try_from(value).map_err(|_| Malformed::Header(name.clone()))?;
            if !is_hop_by_hop(&header) && header != hyper::header::CONTENT_LENGTH {
                map.append(&header, value);
            }
        }
    }
    if size > MAX_HEADERS_BYTES { Err(Malformed::Headers(size)) } else { Ok(map) }
}

/// Returns the reason phrase (`OK` of `200 OK`), unless it is the standard one.
fn reason_phrase(description: &str) -> Option<ReasonPhrase> {
    let (code, words) = description.split_once(' ')?;
    let usual = code.parse().ok().and_then(|code: u16| StatusCode::from_u16(code).ok()?.canonical_reason());
    (usual != Some(words)).then(|| ReasonPhrase::try_from(words.to_owned()).ok())?
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn of(answer: &Value, multi_value_headers: bool) -> Result<Response<Bytes>, Malformed> {
        response(answer.to_string().as_bytes(), multi_value_headers)
    }

    #[test]
    fn keeps_several_cookies_only_with_multi_value_headers() {
        let answer = json!({
            "statusCode": 201,
            "headers": {"set-cookie": "c=3"},
            "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"], "connection": ["close"], "content-length": ["9"]},
            "body": "aGk=",
            "isBase64Encoded": true,
        });

        let multi = of(&answer, true).unwrap();
        let single = of(&answer, false).unwrap();

        assert_eq!((multi.status(), &multi.body()[..]), (StatusCode::CREATED, &b"hi"[..]));
        assert_eq!(multi.headers().get_all("set-cookie").iter().collect::<Vec<_>>(), ["a=1", "b=2"]);
        assert_eq!(multi.headers().len(), 2);
        assert_eq!(single.headers().get_all("set-cookie").iter().collect::<Vec<_>>(), ["c=3"]);
    }

    #[test]
    fn a_status_is_enough() {
        let response = of(&json!({"statusCode": 204}), true).unwrap();

        assert_eq!((response.status(), response.body().len()), (StatusCode::NO_CONTENT, 0));
    }

    #[test]
    fn an_unusual_description_becomes_the_reason() {
        let reason = |description: &str| {
            let response = of(&json!({"statusCode": 200, "statusDescription": description}), true).unwrap();
            response.extensions().get::<ReasonPhrase>().map(|reason| reason.as_bytes().to_vec())
        };

        assert_eq!(reason("200 Fine"), Some(b"Fine".to_vec()));
        assert_eq!(reason("200 OK"), None);
    }

    #[test]
    fn malformed_answers_are_refused() {
        for (answer, why) in [
            (json!({"body": "no status"}), "malformed"),
            (json!({"statusCode": "200"}), "malformed"),
            (json!({"statusCode": 42}), "42 is not a valid status"),
            (json!({"statusCode": 101}), "101 is not a valid status"),
            (json!({"statusCode": 200, "body": {"a": 1}}), "malformed"),
            (json!({"statusCode": 200, "body": "%%%", "isBase64Encoded": true}), "base64"),
            (json!({"statusCode": 200, "multiValueHeaders": {"x": "1"}}), "malformed"),
            (json!({"statusCode": 200, "multiValueHeaders": {"a b": ["1"]}}), "header a b"),
            (json!({"statusCode": 200, "multiValueHeaders": {"x": ["1\r\ny: 2"]}}), "header x"),
            (json!({"statusCode": 200, "multiValueHeaders": {"x": ["1".repeat(40_000)]}}), "32 K"),
            (json!({"statusCode": 200, "body": "1".repeat(1024 * 1024)}), "1 MB"),
            (json!("text"), "malformed"),
        ] {
            let problem = of(&answer, true).unwrap_err().to_string();
            assert!(problem.contains(why), "{problem}");
        }
        assert!(response(b"<html>", true).is_err());
        assert!(response(b"", true).is_err());
    }
}
