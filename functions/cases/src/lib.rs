//! `GET /api/cases`: a participant; a list of at most one, the next unanswered assignment.

mod next_case;
mod queries;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use shared::auth::Participant;
use shared::reply::Data;
use shared::{ApiError, App, Business};

use crate::next_case::NextCase;
use crate::queries::Next;

/// The route.
pub fn router() -> Router<App> {
    Router::new().route("/api/cases", get(get_cases))
}

async fn get_cases(State(app): State<App>, participant: Participant) -> Result<Data<Vec<NextCase>>, ApiError> {
    let next = Next::fetch(&app.db, participant.email()).await?;
    participant.confirm(next.account_id)?;
    for config_id in &next.skipped {
        tracing::warn!(config_id, "assignment skipped: it has no case, or its visit is gone");
    }
    let has_page_config = next.has_page_config == Some(true);
    let next = next.into_case();
    if next.is_some() && !has_page_config {
        return Err(Business::NoAccessToReviewCase.with_detail("There is no page configuration."));
    }
    Ok(Data(next.into_iter().collect()))
}
