//! Converts a request to the event for a function.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html#receive-event-from-load-balancer>

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::http::request::Parts;
use serde_json::{Value, json};

use super::query::pairs;
use crate::template::TargetGroup;

/// Builds the event. With multi-value headers enabled, it has all values of headers and parameters; otherwise the last
/// ones.
pub(super) fn event(target_group: &TargetGroup, request: &Parts, body: &[u8]) -> Value {
    let mut event = json!({
        "requestContext": {"elb": {"targetGroupArn": target_group.arn}},
        "httpMethod": request.method.as_str(),
        "path": request.uri.path(),
    });
    let parameters = grouped(pairs(request.uri.query()));
    let headers = grouped(request.headers.iter().map(|(name, value)| (name.as_str(), text(value))));
    if target_group.multi_value_headers() {
        event["multiValueQueryStringParameters"] = json!(parameters);
        event["multiValueHeaders"] = json!(headers);
    } else {
        event["queryStringParameters"] = json!(last_values(parameters));
        event["headers"] = json!(last_values(headers));
    }
    let as_text = if is_text(&request.headers, body) { std::str::from_utf8(body).ok() } else { None };
    event["body"] = as_text.map_or_else(|| json!(STANDARD.encode(body)), |text| json!(text));
    event["isBase64Encoded"] = json!(as_text.is_none());
    event
}

fn grouped<'a, V>(pairs: impl IntoIterator<Item = (&'a str, V)>) -> BTreeMap<&'a str, Vec<V>> {
    let mut groups = BTreeMap::<_, Vec<_>>::new();
    for (key, value) in pairs {
        groups.entry(key).or_default().push(value);
    }
    groups
}

fn last_values<K: Ord, V>(groups: BTreeMap<K, Vec<V>>) -> BTreeMap<K, V> {
    groups.into_iter().filter_map(|(key, mut values)| Some((key, values.pop()?))).collect()
}

/// Decodes a header value as UTF-8 if possible, otherwise as Latin-1 (RFC 9110 section 5.5).
fn text(value: &HeaderValue) -> String {
    match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => text.to_owned(),
        Err(_) => value.as_bytes().iter().copied().map(char::from).collect(),
    }
}

/// Returns whether the body is passed as text: empty, or of one of these types and not compressed.
fn is_text(headers: &HeaderMap, body: &[u8]) -> bool {
    if body.is_empty() {
        return true;
    }
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let listed = ["application/json", "application/javascript", "application/xml"].contains(&media_type.as_str());
    (listed || media_type.starts_with("text/")) && !headers.contains_key(CONTENT_ENCODING)
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    fn event_of(multi_value: &str, target: &str, headers: &[(&str, &[u8])], body: &[u8]) -> Value {
        let group = TargetGroup {
            key: "CasesTargetGroup".into(),
            arn: "arn:group".into(),
            target_type: "lambda".into(),
            targets: Vec::new(),
            health_check_enabled: None,
            attributes: [("lambda.multi_value_headers.enabled".to_owned(), multi_value.to_owned())].into(),
            depends_on: Vec::new(),
        };
        let mut request = Request::builder().method("POST").uri(target);
        for (name, value) in headers {
            request = request.header(*name, HeaderValue::from_bytes(value).unwrap());
        }
        event(&group, &request.body(()).unwrap().into_parts().0, body)
    }

    #[test]
    fn a_multi_value_event_has_every_value() {
        let headers: &[(&str, &[u8])] =
            &[("Cookie", b"a=1"), ("Cookie", b"b=2"), ("content-type", b"application/json; charset=utf-8")];

        let event = event_of("true", "/a%20b?x=1&x=%C3%A4&y", headers, b"{}");

        assert_eq!(
            event,
            json!({
                "requestContext": {"elb": {"targetGroupArn": "arn:group"}},
                "httpMethod": "POST",
                "path": "/a%20b",
                "multiValueQueryStringParameters": {"x": ["1", "%C3%A4"], "y": [""]},
                "multiValueHeaders": {"cookie": ["a=1", "b=2"], "content-type": ["application/json; charset=utf-8"]},
                "body": "{}",
                "isBase64Encoded": false,
            })
        );
    }

    #[test]
    fn a_single_value_event_has_the_last_values() {
        let event = event_of("false", "/?x=1&x=2", &[("cookie", b"a=1"), ("cookie", b"b=2")], b"");

        assert_eq!(event["queryStringParameters"], json!({"x": "2"}));
        assert_eq!(event["headers"], json!({"cookie": "b=2"}));
        assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!(""), &json!(false)));
    }

    #[test]
    fn bodies_are_base64_unless_they_are_text() {
        for (headers, body, is_base64) in [
            (&[("content-type", "text/csv".as_bytes())][..], &b"a,b"[..], false),
            (&[("content-type", b"application/xml")], b"<a/>", false),
            (&[("content-type", b"Application/JSON")], b"{}", false),
            (&[("content-type", b"application/json"), ("content-encoding", b"gzip")], b"{}", true),
            (&[("content-type", b"multipart/form-data; boundary=x")], b"--x--", true),
            (&[("content-type", b"application/x-www-form-urlencoded")], b"a=b", true),
            (&[("content-type", b"application/json")], b"\xff", true),
            (&[], b"{}", true),
        ] {
            let event = event_of("true", "/", headers, body);

            let expected = if is_base64 { STANDARD.encode(body) } else { String::from_utf8(body.into()).unwrap() };
            assert_eq!(
                (&event["body"], &event["isBase64Encoded"]),
                (&json!(expected), &json!(is_base64)),
                "{headers:?}"
            );
        }
    }

    #[test]
    fn headers_that_are_not_utf8_are_latin_1() {
        let event = event_of("true", "/", &[("x-a", b"Beno\xeet"), ("x-b", "Benoît".as_bytes())], b"");

        assert_eq!(event["multiValueHeaders"], json!({"x-a": ["Benoît"], "x-b": ["Benoît"]}));
    }
}
