//! `GET /api/openapi.json`: anyone; the description of every route (OpenAPI 3.1). `GET /api/docs`: anyone; the same as a
//! page. Neither route uses the database or secrets.

use std::sync::LazyLock;

use axum::Router;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use utoipa::OpenApi;

use crate::page;

/// The output of [`crate::document`] as last written by `cargo run --package tests --bin write-api-docs`; a test checks that
/// it is current. Embedding it lets the linker drop the generator's 10 MB of code from every binary.
pub const JSON: &str = include_str!("../../../docs/api/openapi.json");
/// The output of [`crate::page`]; see [`JSON`].
pub const PAGE: &str = include_str!("../../../docs/api/index.html");

/// Computed on first use, because the container mostly serves other routes.
static CONTENT_SECURITY_POLICY: LazyLock<String> = LazyLock::new(page::content_security_policy);

/// The routes in the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(get_openapi, get_docs))]
pub struct Api;

/// Returns the routes. They use no state, so the router fits any state.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/api/openapi.json", get(get_openapi)).route("/api/docs", get(get_docs))
}

/// Returns this document.
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    tag = "documentation",
    responses((status = 200, description = "OpenAPI 3.1.", body = utoipa::openapi::Object, content_type = "application/json"))
)]
async fn get_openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], JSON).into_response()
}

/// Returns this document as a page without external resources.
#[utoipa::path(
    get,
    path = "/api/docs",
    tag = "documentation",
    responses((status = 200, description = "HTML.", body = String, content_type = "text/html"))
)]
async fn get_docs() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY.as_str()),
    ];
    (headers, PAGE).into_response()
}
