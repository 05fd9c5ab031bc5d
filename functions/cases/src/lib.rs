//! `GET /api/cases`: a participant; a list with the next unanswered assignment, or an empty list.

mod next_case;
mod queries;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use shared::auth::Participant;
use shared::http::Admission;
use shared::openapi::{ServerError, TokenRefused};
use shared::page_config::PageConfig;
use shared::reply::{Data, Envelope};
use shared::{ApiError, App, Business};
use utoipa::OpenApi;

use crate::next_case::NextCase;
use crate::queries::Next;

/// The route in the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(get_cases))]
pub struct Api;

/// Requests wait for a database connection.
pub const ADMISSION: Admission = Admission::Database;

/// Returns the route.
pub fn router() -> Router<App> {
    Router::new().route("/api/cases", get(get_cases))
}

/// The next case to review: the first unanswered assignment.
#[utoipa::path(
    get,
    path = "/api/cases",
    tag = "review",
    security(("token" = [])),
    responses(
        (status = 200, description = "A list with at most one entry.", body = inline(Envelope<Vec<NextCase>>)),
        TokenRefused,
        ServerError<1010>
    )
)]
async fn get_cases(State(app): State<App>, participant: Participant) -> Result<Data<Vec<NextCase>>, ApiError> {
    let next = Next::fetch(&app.db, &participant).await?;
    participant.confirm(next.account_id)?;
    for config_id in &next.skipped {
        tracing::warn!(config_id, "assignment skipped: it has no case, or its visit does not exist");
    }
    if !next.exists() {
        return Ok(Data(Vec::new()));
    }
    let page_config = next
        .page_config
        .as_deref()
        .and_then(PageConfig::parse)
        .ok_or_else(|| Business::NoAccessToReviewCase.with_detail("There is no page configuration."))?;
    Ok(Data(next.into_case(&page_config).into_iter().collect()))
}
