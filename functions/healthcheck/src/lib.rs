//! `GET /api/healthcheck`: anyone; uses neither database nor secrets.

use axum::Router;
use axum::routing::get;
use serde::Serialize;
use shared::reply::Bare;
use utoipa::{OpenApi, ToSchema};

#[derive(Serialize, ToSchema)]
struct Health {
    message: &'static str,
    status: &'static str,
}

/// The route in the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(get_healthcheck))]
pub struct Api;

/// Returns the route for any state, because it uses none.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/api/healthcheck", get(get_healthcheck))
}

/// Reports that the service is up. Uses neither database nor secrets.
#[utoipa::path(
    get,
    path = "/api/healthcheck",
    tag = "health",
    responses((status = 200, description = "The service is up.", body = inline(Health)))
)]
async fn get_healthcheck() -> Bare<Health> {
    Bare(Health { message: "Service is up and running.", status: "OK" })
}
