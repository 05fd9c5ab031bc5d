//! A built frontend beside the API, where one server is the whole installation (`FRONTEND_DIRECTORY`). Behind a load balancer the
//! frontend has a server of its own.

use std::path::Path;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Response};
use tower::ServiceExt as _;
use tower_http::services::{ServeDir, ServeFile};
use tower_http::set_header::SetResponseHeaderLayer;

/// Serves the files in `directory` beside `api`: index.html for a path that names none. Without an index.html there is only the API.
pub fn beside(api: Router, directory: &Path) -> Router {
    let index = directory.join("index.html");
    if !index.is_file() {
        tracing::info!(directory = %directory.display(), "no frontend: there is no index.html");
        return api;
    }
    // browsers ask whether a file is still the same: after the next build it is not
    let revalidate = SetResponseHeaderLayer::overriding(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    let files =
        Router::new().fallback_service(ServeDir::new(directory).fallback(ServeFile::new(index))).layer(revalidate);
    Router::new().fallback(move |request: Request| answer(api.clone(), files.clone(), request))
}

async fn answer(api: Router, files: Router, request: Request<Body>) -> Response {
    let service = if is_of_the_api(request.uri().path()) { api } else { files };
    service.oneshot(request).await.into_response()
}

/// The load balancer's rules (template.yaml): of `/admin` only these, the rest are pages of the frontend.
fn is_of_the_api(path: &str) -> bool {
    ["/api/", "/admin/audit", "/admin/users", "/admin/config/"].iter().any(|start| path.starts_with(start))
}
