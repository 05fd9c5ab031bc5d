//! Security headers: no caching, no content sniffing, and encrypted connections only.

use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

/// The protocol between the client and the load balancer
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html>).
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// For the API's host only: we do not own the other hosts of its domain.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Returns whether the client's connection to the load balancer uses TLS.
pub(super) fn is_encrypted(request: &HeaderMap) -> bool {
    request.get(X_FORWARDED_PROTO).is_some_and(|scheme| scheme.as_bytes().eq_ignore_ascii_case(b"https"))
}

/// Adds the security headers to the response to `request`: a middleware for what is served beside the API.
pub async fn with_security_headers(request: Request, next: Next) -> Response {
    let is_encrypted = is_encrypted(request.headers());
    let mut response = next.run(request).await;
    add(response.headers_mut(), is_encrypted);
    response
}

/// Adds `X-Content-Type-Options: nosniff`; `Cache-Control: no-store` (RFC 9111 section 5.2.2.5) unless the header is
/// set; and, on encrypted connections, `Strict-Transport-Security` (RFC 6797 section 7.2 forbids it on others).
pub(crate) fn add(response: &mut HeaderMap, is_encrypted: bool) {
    response.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if is_encrypted {
        response.insert(STRICT_TRANSPORT_SECURITY, HSTS);
    }
}
