//! Payload format 2.0: function URLs, HTTP APIs of API Gateway, and `cargo lambda watch`.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads>

use std::collections::BTreeMap;

use serde::Deserialize;

use super::received::{Received, X_FORWARDED_FOR};

/// The members of the event that make up a request. Repeated headers are joined with commas.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HttpApiEvent {
    raw_path: String,
    #[serde(default)]
    raw_query_string: Option<String>,
    #[serde(default)]
    cookies: Option<Vec<String>>,
    #[serde(default)]
    headers: Option<BTreeMap<String, String>>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: Option<bool>,
    request_context: RequestContext,
}

#[derive(Deserialize)]
struct RequestContext {
    http: Http,
    #[serde(default)]
    stage: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Http {
    method: String,
    #[serde(default)]
    source_ip: Option<String>,
}

impl HttpApiEvent {
    pub(super) fn into_received(self) -> Received {
        let RequestContext { http, stage } = self.request_context;
        let mut headers: Vec<_> = self.headers.unwrap_or_default().into_iter().collect();
        if let Some(cookies) = self.cookies.filter(|cookies| !cookies.is_empty()) {
            headers.retain(|(name, _)| !name.eq_ignore_ascii_case("cookie"));
            headers.push(("cookie".to_owned(), cookies.join("; ")));
        }
        // the address of the connection, whatever the client claims in a header
        let client = http.source_ip.filter(|address| !address.is_empty());
        headers.extend(client.map(|address| (X_FORWARDED_FOR.to_owned(), address)));
        Received {
            method: http.method,
            path: without_stage(&self.raw_path, stage.as_deref()).to_owned(),
            query: self.raw_query_string.unwrap_or_default(),
            headers,
            body: self.body,
            is_base64_encoded: self.is_base64_encoded.unwrap_or_default(),
        }
    }
}

/// Returns the path without its stage. An HTTP API adds each stage to the path except `$default`.
fn without_stage<'a>(path: &'a str, stage: Option<&str>) -> &'a str {
    let below =
        stage.filter(|stage| *stage != "$default").and_then(|stage| path.strip_prefix('/')?.strip_prefix(stage));
    below.filter(|below| below.starts_with('/')).unwrap_or(path)
}
