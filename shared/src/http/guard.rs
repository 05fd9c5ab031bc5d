//! Headers that keep answers out of caches, browsers from guessing a type, and connections encrypted.

use axum::http::header::{CACHE_CONTROL, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// What the load balancer says of the connection that it ended
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html>).
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// For the API's host alone: others of its domain are not ours.
const A_YEAR: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Whether the client spoke TLS with the load balancer.
pub(super) fn is_encrypted(request: &HeaderMap) -> bool {
    request.get(X_FORWARDED_PROTO).is_some_and(|scheme| scheme.as_bytes().eq_ignore_ascii_case(b"https"))
}

/// Adds to an answer `Cache-Control: no-store` (RFC 9111 section 5.2.2.5), unless it says otherwise, `X-Content-Type-Options: nosniff`,
/// and, where the connection is encrypted, `Strict-Transport-Security` (RFC 6797 section 7.2 forbids it elsewhere).
pub(crate) fn add(response: &mut HeaderMap, is_encrypted: bool) {
    response.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if is_encrypted {
        response.insert(STRICT_TRANSPORT_SECURITY, A_YEAR);
    }
}
