//! An event's request, in one form for all sources.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{EventError, Source};
use crate::answer_limit::AnswerLimit;
use crate::http::RequestId;

/// The last address in this header is the only one we trust to be the client's.
pub(super) const X_FORWARDED_FOR: &str = "x-forwarded-for";

pub(super) struct Received {
    pub method: String,
    pub path: String,
    /// The query without its question mark; may be empty.
    pub query: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<String>,
    pub is_base64_encoded: bool,
}

/// Returns every name with each of its values.
pub(super) fn pairs(names: BTreeMap<String, Vec<String>>) -> Vec<(String, String)> {
    let with_name = |(name, values): (String, Vec<String>)| values.into_iter().map(move |value| (name.clone(), value));
    names.into_iter().flat_map(with_name).collect()
}

impl Received {
    pub(super) fn into_request(self, request_id: &str, source: Source) -> Result<Request<Body>, EventError> {
        let (method, uri, headers) = (Method::from_bytes(self.method.as_bytes()), self.uri(), self.headers());
        let mut request = Request::new(self.into_body()?);
        *request.method_mut() = method.map_err(|_| EventError::Method)?;
        *request.uri_mut() = uri?;
        *request.headers_mut() = headers?;
        let request_id = HeaderValue::from_str(request_id).unwrap_or(HeaderValue::from_static("-"));
        request.extensions_mut().insert(RequestId(request_id));
        request.extensions_mut().insert(AnswerLimit::of(source.max_answer_bytes()));
        Ok(request)
    }

    fn uri(&self) -> Result<Uri, EventError> {
        let path_and_query =
            if self.query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.query) };
        // a path without a leading slash would be parsed as a host
        if path_and_query.starts_with('/') {
            path_and_query.parse().map_err(|_| EventError::Uri)
        } else {
            Err(EventError::Uri)
        }
    }

    fn headers(&self) -> Result<HeaderMap, EventError> {
        let mut headers = HeaderMap::try_with_capacity(self.headers.len()).map_err(|_| EventError::Header)?;
        for (name, value) in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| EventError::Header)?;
            let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| EventError::Header)?;
            headers.try_append(name, value).map_err(|_| EventError::Header)?;
        }
        Ok(headers)
    }

    fn into_body(self) -> Result<Body, EventError> {
        match self.body {
            None => Ok(Body::empty()),
            Some(text) if self.is_base64_encoded => STANDARD.decode(text).map(Body::from).map_err(|_| EventError::Body),
            Some(text) => Ok(Body::from(text)),
        }
    }
}
