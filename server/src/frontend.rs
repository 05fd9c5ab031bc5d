//! A built frontend beside the API, for installations that consist of one server (`FRONTEND_DIRECTORY`). Behind a load
//! balancer the frontend has its own server.

use std::path::Path;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use shared::http::with_security_headers;
use tower::ServiceExt as _;
use tower_http::services::{ServeDir, ServeFile};
use tower_http::set_header::SetResponseHeaderLayer;

/// Serves the files in `directory` beside `api`, with index.html for unknown paths. Serves only the API if there is no
/// index.html.
pub fn beside(api: Router, directory: &Path) -> Router {
    let index = directory.join("index.html");
    if !index.is_file() {
        tracing::info!(directory = %directory.display(), "serving no frontend: the directory has no index.html");
        return api;
    }
    // browsers must revalidate cached files, which the next build replaces
    let revalidate = SetResponseHeaderLayer::overriding(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    let files = Router::new()
        .fallback_service(ServeDir::new(directory).fallback(ServeFile::new(index)))
        .layer(revalidate)
        .layer(from_fn(with_security_headers));
    Router::new().fallback(move |request: Request| answer(api.clone(), files.clone(), request))
}

async fn answer(api: Router, files: Router, request: Request<Body>) -> Response {
    let service = if is_api_path(request.uri().path()) { api } else { files };
    service.oneshot(request).await.into_response()
}

/// Returns whether the API serves `path`, by the rules of the load balancer (template.yaml). Other paths below `/admin`
/// are pages of the frontend.
fn is_api_path(path: &str) -> bool {
    ["/api/", "/admin/audit", "/admin/users", "/admin/config/"].iter().any(|start| path.starts_with(start))
}
