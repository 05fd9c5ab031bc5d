//! `GET /api/openapi.json`: the description of every route (OpenAPI 3.1). `GET /api/docs`: the same as a page. Anyone may ask;
//! neither touches database or secrets.

mod document;
mod example;
mod page;

use std::sync::LazyLock;

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use shared::ApiError;
use utoipa::OpenApi;

pub use document::document;
use page::Page;

/// Built when it is first asked for, and no sooner: the container serves other routes too.
static JSON: LazyLock<Result<String, String>> =
    LazyLock::new(|| document().to_json().map_err(|error| error.to_string()));
static PAGE: LazyLock<Result<Page, String>> =
    LazyLock::new(|| Page::of(&document()).map_err(|error| format!("{error:#}")));

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
async fn get_openapi() -> Result<Response, ApiError> {
    let json = JSON.as_deref().map_err(|error| ApiError::Fault(format!("OpenAPI document: {error}")))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], json).into_response())
}

/// This description as a page, which loads nothing from elsewhere.
#[utoipa::path(
    get,
    path = "/api/docs",
    tag = "documentation",
    responses((status = 200, description = "HTML.", body = String, content_type = "text/html"))
)]
async fn get_docs() -> Result<Response, ApiError> {
    let page = PAGE.as_ref().map_err(|error| ApiError::Fault(format!("page of the OpenAPI document: {error}")))?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, page.content_security_policy.clone()),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    Ok((headers, page.html.as_str()).into_response())
}
