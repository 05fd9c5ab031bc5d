//! Services and researchers manage adaptive experiments, and the runs that generate assignments for them.
//!
//! - `POST /api/v1/experiments`: `{name, arms, description?, case_pool?}` → 201; `GET`: all, newest first, `?status=`
//! - `GET /api/v1/experiments/{id}`: one with its runs; `PATCH …/{id}/status`: `{status}`
//! - `POST /api/v1/experiments/{id}/runs`: `{triggered_by?, run_params?}` → 201; `GET`: all, newest first
//! - `PATCH /api/v1/experiments/{id}/runs/{run_id}`: reports the progress of a run

mod arms;
mod create_experiment;
mod create_run;
mod experiment;
mod list_experiments;
mod list_runs;
mod progress;
mod read_experiment;
mod report_run;
mod run;
mod set_status;
mod time;

use axum::Router;
use axum::routing::{get, patch};
use shared::App;
use shared::http::Admission;
use utoipa::OpenApi;

/// The routes in the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(
    list_experiments::get_experiments,
    create_experiment::post_experiment,
    read_experiment::get_experiment,
    set_status::patch_status,
    list_runs::get_runs,
    create_run::post_run,
    report_run::patch_run
))]
pub struct Api;

/// Requests wait for a database connection.
pub const ADMISSION: Admission = Admission::Database;

/// Returns the routes.
pub fn router() -> Router<App> {
    Router::new()
        .route("/api/v1/experiments", get(list_experiments::get_experiments).post(create_experiment::post_experiment))
        .route("/api/v1/experiments/{id}", get(read_experiment::get_experiment))
        .route("/api/v1/experiments/{id}/status", patch(set_status::patch_status))
        .route("/api/v1/experiments/{id}/runs", get(list_runs::get_runs).post(create_run::post_run))
        .route("/api/v1/experiments/{id}/runs/{run_id}", patch(report_run::patch_run))
}
