//! CORS (contract section 1): allows credentials and exposes `Authorization`, or a browser on another origin cannot
//! read the token.

use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::response::Response;
use std::time::Duration;
use tower_http::cors::{AllowHeaders, AllowMethods, AllowOrigin, CorsLayer};

use crate::config::CorsOrigins;

const METHODS: [Method; 7] =
    [Method::DELETE, Method::GET, Method::HEAD, Method::OPTIONS, Method::PATCH, Method::POST, Method::PUT];

pub(super) fn layer(origins: &CorsOrigins) -> CorsLayer {
    let origins = match origins {
        // `*` cannot be combined with credentials, so the request's origin is echoed
        CorsOrigins::Any => AllowOrigin::mirror_request(),
        CorsOrigins::Only(origins) => AllowOrigin::list(origins.clone()),
    };
    let ours = ["x-api-key", "idempotency-key"].map(HeaderName::from_static);
    let headers = [header::AUTHORIZATION, header::CONTENT_TYPE, header::ACCEPT].into_iter().chain(ours);
    CorsLayer::new()
        .allow_origin(origins)
        .allow_credentials(true)
        .allow_methods(AllowMethods::list(METHODS))
        .allow_headers(AllowHeaders::list(headers))
        .max_age(Duration::from_secs(3600))
}

/// Separate from [`layer`], because clients compare the old system's spelling, and the library writes header names in
/// lower case.
pub(super) fn expose_token(response: &mut Response) {
    if response.headers().contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
        response.headers_mut().insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("Authorization"));
    }
}
