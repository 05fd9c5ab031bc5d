//! Services and researchers manage adaptive experiments, and the runs that generate assignments for them.
//!
//! - `POST /api/v1/experiments`: `{name, arms, description?, case_pool?}` → 201; `GET`: all, newest first, `?status=`
//! - `GET /api/v1/experiments/{id}`: one with its runs; `PATCH …/{id}/status`: `{status}`
//! - `POST /api/v1/experiments/{id}/runs`: `{triggered_by?, run_params?}` → 201; `GET`: all, newest first
//! - `PATCH /api/v1/experiments/{id}/runs/{run_id}`: reports the progress of a run

mod arms;
mod experiment;
mod progress;
mod run;
mod time;

use axum::Router;
use axum::routing::{get, patch};
use shared::App;
use shared::http::Admission;
use utoipa::OpenApi;

/// The routes in the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(
    experiment::get_experiments,
    experiment::post_experiment,
    experiment::get_experiment,
    experiment::patch_status,
    run::get_runs,
    run::post_run,
    run::patch_run
))]
pub struct Api;

/// Requests wait for a database connection.
pub const ADMISSION: Admission = Admission::Database;

/// Returns the routes.
pub fn router() -> Router<App> {
    Router::new()
        .route("/api/v1/experiments", get(experiment::get_experiments).post(experiment::post_experiment))
        .route("/api/v1/experiments/{id}", get(experiment::get_experiment))
        .route("/api/v1/experiments/{id}/status", patch(experiment::patch_status))
        .route("/api/v1/experiments/{id}/runs", get(run::get_runs).post(run::post_run))
        .route("/api/v1/experiments/{id}/runs/{run_id}", patch(run::patch_run))
}
