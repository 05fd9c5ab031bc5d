//! `GET /api/openapi.json`: the description of every route (OpenAPI 3.1). `GET /api/docs`: the same as a page. Anyone may ask;
//! neither touches database or secrets.

mod document;
mod example;
mod page;

use std::sync::LazyLock;

use axum::Router;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use utoipa::OpenApi;

pub use document::document;
pub use page::page;

/// [`document`] and [`page`] as they were when `cargo run --package tests --bin write-api-docs` was last run: a test sees to it that they still
/// are. What makes them is 10 MB of code, which the linker so leaves out of every binary.
pub const JSON: &str = include_str!("../../../docs/api/openapi.json");
/// See [`JSON`].
pub const PAGE: &str = include_str!("../../../docs/api/index.html");

/// Hashed when it is first asked for: the container serves other routes too.
static CONTENT_SECURITY_POLICY: LazyLock<String> = LazyLock::new(page::content_security_policy);

/// The routes in the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(get_openapi, get_docs))]
pub struct Api;

/// The routes, for any state: they use none.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/api/openapi.json", get(get_openapi)).route("/api/docs", get(get_docs))
}

/// This description.
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    tag = "documentation",
    responses((status = 200, description = "OpenAPI 3.1.", body = utoipa::openapi::Object, content_type = "application/json"))
)]
async fn get_openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], JSON).into_response()
}

/// This description as a page, which loads nothing from elsewhere.
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
