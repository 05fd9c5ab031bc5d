//! `GET /api/healthcheck`: anyone may ask; touches neither database nor secrets.

use axum::Router;
use axum::routing::get;
use serde::Serialize;
use shared::reply::Bare;

#[derive(Serialize)]
struct Health {
    message: &'static str,
    status: &'static str,
}

/// The route, for any state: it uses none.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/api/healthcheck", get(get_healthcheck))
}

async fn get_healthcheck() -> Bare<Health> {
    Bare(Health { message: "Service is up and running.", status: "OK" })
}
