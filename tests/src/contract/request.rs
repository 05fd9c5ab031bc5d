//! Builds a step's HTTP request, byte for byte as Python's `http.client` sends it.

use axum::body::Bytes;
use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST};
use http::{HeaderName, HeaderValue, Method, Request};

use super::raw_bytes;
use super::scenario::{HttpStep, Part};
use super::variables::Variables;

const BOUNDARY: &str = "----contract-boundary";

/// Parts of a request that its step does not specify.
#[derive(Clone, Copy, Debug)]
pub struct Credentials<'a> {
    /// Sent as `Authorization: Bearer …`.
    pub bearer: Option<&'a str>,
    /// Sent as `X-API-Key` if the step requires it.
    pub api_key: &'a str,
}

/// Builds the request for `host` (name and port).
pub fn build(
    step: &HttpStep,
    host: &str,
    credentials: Credentials<'_>,
    variables: &Variables,
) -> Result<Request<Bytes>, http::Error> {
    let (body, content_type) = body(step, variables).unzip();
    let content_type = content_type.flatten();
    let mut request = Request::new(Bytes::from(body.clone().unwrap_or_default()));
    *request.method_mut() = step.method.parse()?;
    *request.uri_mut() = variables.fill(&step.path).parse()?;

    let announces_empty_body = matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH);
    let headers = request.headers_mut();
    headers.insert(HOST, host.parse()?);
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    if body.is_some() || announces_empty_body {
        headers.insert(CONTENT_LENGTH, body.map_or(0, |body| body.len()).into());
    }
    if let Some(content_type) = content_type {
        headers.insert(CONTENT_TYPE, content_type.parse()?);
    }
    if let Some(token) = credentials.bearer {
        headers.insert(AUTHORIZATION, format!("Bearer {token}").parse()?);
    }
    if step.api_key {
        headers.insert("x-api-key", credentials.api_key.parse()?);
    }
    for (name, value) in &step.headers {
        let name: HeaderName = name.parse()?;
        headers.remove(&name);
        if let Some(value) = value {
            headers.insert(name, HeaderValue::from_bytes(&raw_bytes::encode(&variables.fill(value)))?);
        }
    }
    Ok(request)
}

/// Returns the body and its content type.
fn body(step: &HttpStep, variables: &Variables) -> Option<(Vec<u8>, Option<String>)> {
    if let Some(json) = &step.json {
        let text = variables.fill(&json.to_string());
        Some((raw_bytes::encode(&text), Some("application/json".to_owned())))
    } else if let Some(raw) = &step.raw {
        Some((raw_bytes::encode(&variables.fill(raw)), None))
    } else {
        let parts = step.multipart.as_ref()?;
        Some((multipart(parts), Some(format!("multipart/form-data; boundary={BOUNDARY}"))))
    }
}

fn multipart(parts: &[Part]) -> Vec<u8> {
    let parts: String = parts.iter().map(part).collect();
    raw_bytes::encode(&format!("{parts}--{BOUNDARY}--\r\n"))
}

fn part(part: &Part) -> String {
    let Part { name, content, .. } = part;
    let filename = part.filename.as_ref().map(|name| format!("; filename=\"{name}\"")).unwrap_or_default();
    let media_type = part.media_type.as_ref().map(|kind| format!("Content-Type: {kind}\r\n")).unwrap_or_default();
    format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{filename}\r\n{media_type}\r\n{content}\r\n"
    )
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;
    use http::Request;
    use serde_json::{Value, json};

    use super::{Credentials, build};
    use crate::contract::variables::Variables;

    fn request(step: Value) -> Request<Bytes> {
        let credentials = Credentials { bearer: Some("the-token"), api_key: "the-key" };
        let mut variables = Variables::default();
        variables.set("config", "cfg-1".to_owned());
        build(&serde_json::from_value(step).unwrap(), "host:80", credentials, &variables).unwrap()
    }

    #[test]
    fn a_path_is_sent_unchanged() {
        for path in ["/api//healthcheck", "/a/../b", "/a%00b", "/x?user=bob@contract.test&limit=5'", "/{{other}}"] {
            assert_eq!(request(json!({"method": "GET", "path": path})).uri().to_string(), path);
        }
    }

    #[test]
    fn variables_are_filled_in_everywhere() {
        let request = request(json!({
            "method": "POST", "path": "/{{config}}", "json": {"id": "{{config}}"}, "headers": {"X-Id": "{{config}}"},
        }));

        assert_eq!((request.uri().path(), request.body().as_ref()), ("/cfg-1", &br#"{"id":"cfg-1"}"#[..]));
        assert_eq!(request.headers()["x-id"], "cfg-1");
    }

    #[test]
    fn a_null_header_removes_one() {
        let step = json!({"method": "POST", "path": "/", "json": 1, "api_key": true});
        let mut bare = step.clone();
        bare["headers"] = json!({"Content-Type": null, "X-API-Key": null, "Authorization": "{{other}}"});

        let (full, bare) = (request(step), request(bare));

        assert_eq!(
            (&full.headers()["content-type"], &full.headers()["x-api-key"]),
            (&"application/json".parse().unwrap(), &"the-key".parse().unwrap())
        );
        assert!(!bare.headers().contains_key("content-type") && !bare.headers().contains_key("x-api-key"));
        assert_eq!(bare.headers()["authorization"], "{{other}}");
    }

    #[test]
    fn headers_and_bodies_can_hold_any_byte() {
        let request = request(json!({"method": "POST", "path": "/", "raw": "ë\u{f7ff}", "headers": {"X": "\u{f780}"}}));

        assert_eq!((request.body().as_ref(), request.headers()["x"].as_bytes()), (&b"\xc3\xab\xff"[..], &b"\x80"[..]));
    }

    #[test]
    fn only_a_post_without_a_body_has_a_content_length_of_zero() {
        let [post, get] = ["POST", "GET"].map(|method| request(json!({"method": method, "path": "/"})));

        assert_eq!(post.headers().get("content-length").unwrap(), "0");
        assert!(!get.headers().contains_key("content-length"));
    }

    #[test]
    fn form_parts_keep_their_names_and_types() {
        let request = request(json!({"method": "POST", "path": "/", "multipart": [
            {"name": "file", "filename": "a.csv", "type": "text/csv", "content": "x\u{f7fe}\n"}, {"name": "arm", "content": "A"},
        ]}));

        let expected = b"------contract-boundary\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n\
            Content-Type: text/csv\r\n\r\nx\xfe\n\r\n------contract-boundary\r\nContent-Disposition: form-data; name=\"arm\"\r\n\
            \r\nA\r\n------contract-boundary--\r\n";
        assert_eq!(request.body().as_ref(), expected);
        assert_eq!(request.headers()["content-type"], "multipart/form-data; boundary=----contract-boundary");
    }
}
