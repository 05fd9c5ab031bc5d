//! An event of the load balancer as a request.
//!
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html>

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::MAX_ANSWER_BYTES;
use crate::answer_limit::AnswerLimit;
use crate::http::RequestId;

/// The parts of the event that a request is made of. Maps are either single-valued or multi-valued, as the target
/// group is set up.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AlbEvent {
    http_method: String,
    path: String,
    #[serde(default)]
    query_string_parameters: Option<BTreeMap<String, String>>,
    #[serde(default)]
    multi_value_query_string_parameters: Option<BTreeMap<String, Vec<String>>>,
    #[serde(default)]
    headers: Option<BTreeMap<String, String>>,
    #[serde(default)]
    multi_value_headers: Option<BTreeMap<String, Vec<String>>>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
    /// Not the load balancer's: [`marked_if_not_utf_8`] sets it.
    #[serde(default)]
    is_not_utf_8: bool,
}

/// Returns an event that is not UTF-8 as JSON that can be parsed, with a member that says so; `None` for every other event.
pub(super) fn marked_if_not_utf_8(event: &[u8]) -> Option<String> {
    str::from_utf8(event).err()?;
    Some(String::from_utf8_lossy(event).replacen('{', r#"{"isNotUtf8":true,"#, 1))
}

/// What of the event is no HTTP; the caller gets to read it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum EventError {
    #[error("The event is not one of a load balancer")]
    NotAlb,
    #[error("The request has bytes that are not UTF-8")]
    NotUtf8,
    #[error("The method is not valid")]
    Method,
    #[error("The path or the query is not valid")]
    Uri,
    #[error("A header is not valid")]
    Header,
    #[error("The body is not valid base64")]
    Body,
}

impl AlbEvent {
    pub(super) fn parse(event: &RawValue) -> Result<Self, EventError> {
        serde_json::from_str(event.get()).map_err(|_| EventError::NotAlb)
    }

    /// Whether the target group sends, and expects back, several values of a header.
    pub(super) fn is_multi_value(&self) -> bool {
        self.multi_value_headers.is_some()
    }

    /// The request that this event stands for. Path and query are as the client sent them: the load balancer does not
    /// decode them.
    pub(super) fn into_request(self, request_id: &str) -> Result<Request<Body>, EventError> {
        if self.is_not_utf_8 {
            return Err(EventError::NotUtf8);
        }
        let (method, uri, headers) = (Method::from_bytes(self.http_method.as_bytes()), self.uri(), self.headers());
        let mut request = Request::new(self.into_body()?);
        *request.method_mut() = method.map_err(|_| EventError::Method)?;
        *request.uri_mut() = uri?;
        *request.headers_mut() = headers?;
        let request_id = HeaderValue::from_str(request_id).unwrap_or(HeaderValue::from_static("-"));
        request.extensions_mut().insert(RequestId(request_id));
        request.extensions_mut().insert(AnswerLimit::of(MAX_ANSWER_BYTES));
        Ok(request)
    }

    fn into_body(self) -> Result<Body, EventError> {
        match self.body {
            None => Ok(Body::empty()),
            Some(text) if self.is_base64_encoded => STANDARD.decode(text).map(Body::from).map_err(|_| EventError::Body),
            Some(text) => Ok(Body::from(text)),
        }
    }

    fn uri(&self) -> Result<Uri, EventError> {
        let single = self.query_string_parameters.iter().flatten().map(|(name, value)| format!("{name}={value}"));
        let multi = self.multi_value_query_string_parameters.iter().flatten();
        let multi = multi.flat_map(|(name, values)| values.iter().map(move |value| format!("{name}={value}")));
        let query = if self.multi_value_query_string_parameters.is_some() {
            multi.collect::<Vec<_>>()
        } else {
            single.collect()
        }
        .join("&");
        let path_and_query = if query.is_empty() { self.path.clone() } else { format!("{}?{query}", self.path) };
        // a path without a slash in front would be read as a host
        if path_and_query.starts_with('/') {
            path_and_query.parse().map_err(|_| EventError::Uri)
        } else {
            Err(EventError::Uri)
        }
    }

    fn headers(&self) -> Result<HeaderMap, EventError> {
        let single = self.headers.iter().flatten();
        let multi = self.multi_value_headers.iter().flatten();
        let multi = multi.flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
        let pairs: Vec<_> = if self.is_multi_value() { multi.collect() } else { single.collect() };
        let mut headers = HeaderMap::try_with_capacity(pairs.len()).map_err(|_| EventError::Header)?;
        for (name, value) in pairs {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| EventError::Header)?;
            let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| EventError::Header)?;
            headers.try_append(name, value).map_err(|_| EventError::Header)?;
        }
        Ok(headers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn event(changes: &Value) -> Value {
        let mut event = json!({
            "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:000000000000:targetgroup/cases/0"}},
            "httpMethod": "GET", "path": "/api/cases", "multiValueQueryStringParameters": {}, "multiValueHeaders": {},
            "body": "", "isBase64Encoded": false
        });
        for (name, value) in changes.as_object().unwrap() {
            event[name] = value.clone();
        }
        event
    }

    fn request(changes: &Value) -> Result<Request<Body>, EventError> {
        into_request(&event(changes))
    }

    fn into_request(event: &Value) -> Result<Request<Body>, EventError> {
        AlbEvent::parse(&serde_json::value::to_raw_value(event).unwrap())?.into_request("id")
    }

    #[test]
    fn keeps_the_query_as_it_was_sent() {
        let request = request(
            &json!({"multiValueQueryStringParameters": {"since": ["2024-05-02T00%3A00%2B02%3A00"], "x": ["1", "2"]}}),
        )
        .unwrap();

        assert_eq!(request.uri().query(), Some("since=2024-05-02T00%3A00%2B02%3A00&x=1&x=2"));
    }

    #[test]
    fn keeps_every_value_of_a_header() {
        let request = request(&json!({"multiValueHeaders": {"accept": ["text/csv", "*/*"]}})).unwrap();

        assert_eq!(request.headers().get_all("accept").iter().count(), 2);
    }

    #[test]
    fn reads_single_valued_maps() {
        let request = into_request(
            &json!({"httpMethod": "GET", "path": "/x", "queryStringParameters": {"a": "1"}, "headers": {"host": "h"}, "body": null}),
        )
        .unwrap();

        assert_eq!(request.uri(), "/x?a=1");
        assert_eq!(request.headers()["host"], "h");
    }

    #[test]
    fn does_not_touch_an_odd_path() {
        assert_eq!(
            request(&json!({"path": "/api/../admin%2Fusers/%2e"})).unwrap().uri().path(),
            "/api/../admin%2Fusers/%2e"
        );
    }

    #[test]
    fn a_hostile_host_is_a_header_like_any_other() {
        assert!(
            request(&json!({"multiValueHeaders": {"host": ["a b<>/@:99999"], "x-forwarded-proto": ["::::"]}})).is_ok()
        );
    }

    #[test]
    fn refuses_more_headers_than_a_request_can_have() {
        let names: Value = (0..40_000).map(|n| (format!("x-{n}"), json!(["1"]))).collect();
        let values = json!({"x": vec!["1"; 40_000]});

        for headers in [names, values] {
            assert_eq!(request(&json!({ "multiValueHeaders": headers })).unwrap_err(), EventError::Header);
        }
    }

    #[test]
    fn refuses_bytes_that_are_not_utf_8_wherever_they_are() {
        let whole = event(&json!({"multiValueHeaders": {"user-agent": ["Beno?t"]}, "path": "/a?b"})).to_string();
        for at in whole.match_indices('?').map(|(at, _)| at) {
            let mut bytes = whole.clone().into_bytes();
            bytes[at] = 0xee;
            let marked = RawValue::from_string(marked_if_not_utf_8(&bytes).unwrap()).unwrap();

            let parsed = AlbEvent::parse(&marked).unwrap();

            assert!(parsed.is_multi_value());
            assert_eq!(parsed.into_request("id").unwrap_err(), EventError::NotUtf8);
        }
        assert_eq!(marked_if_not_utf_8(whole.as_bytes()), None);
    }

    #[test]
    fn refuses_what_is_no_http() {
        for (changes, error) in [
            (json!({"path": "no-slash"}), EventError::Uri),
            (json!({"path": "/a b"}), EventError::Uri),
            (json!({"httpMethod": "GET IT"}), EventError::Method),
            (json!({"multiValueHeaders": {"a\nb": ["x"]}}), EventError::Header),
            (json!({"body": "%%%", "isBase64Encoded": true}), EventError::Body),
            (json!({"path": 5}), EventError::NotAlb),
        ] {
            assert_eq!(request(&changes).unwrap_err(), error, "{changes}");
        }
    }
}
