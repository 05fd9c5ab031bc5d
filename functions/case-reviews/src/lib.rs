//! `GET /api/case-reviews/{case_config_id}`: the participant with the assignment; its case as a tree.

mod ai_score;
mod background;
mod case;
mod case_tree;
mod complaint;
mod decimal;
mod examination;
#[cfg(test)]
mod example;
mod exposure;
pub mod naming;
mod node;
mod path_config;
pub mod preview;
mod queries;
mod value;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use shared::auth::Participant;
use shared::extract::Path;
use shared::http::Admission;
use shared::openapi::{BadRequest, NotFound, ServerError, TokenRefused};
use shared::reply::{Data, Envelope, Written};
use shared::{ApiError, App, Business};
use utoipa::OpenApi;

pub use crate::case_tree::CaseReview;
use crate::path_config::PathConfig;
use shared::page_config::PageConfig;

/// The route in the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(get_case_review))]
pub struct Api;

/// Requests wait for a database connection.
pub const ADMISSION: Admission = Admission::Database;

/// Returns the route.
pub fn router() -> Router<App> {
    Router::new().route("/api/case-reviews/{case_config_id}", get(get_case_review))
}

/// Returns the part of a case that the assignment shows to the participant, as a tree.
#[utoipa::path(
    get,
    path = "/api/case-reviews/{case_config_id}",
    tag = "review",
    params(("case_config_id" = String, Path, description = "The assignment: `config_id` of `GET /api/cases`.")),
    security(("token" = [])),
    responses(
        (status = 200, description = "The case.", body = inline(Envelope<CaseReview>)),
        BadRequest,
        TokenRefused,
        NotFound,
        ServerError<1010>
    )
)]
async fn get_case_review(
    State(app): State<App>,
    participant: Participant,
    Path(case_config_id): Path<String>,
) -> Result<Written, ApiError> {
    let mut review = queries::assigned(&app.db, &participant, &case_config_id).await?;
    participant.confirm(review.account_id)?;
    if !review.is_assigned {
        return Err(Business::NoAccessToReviewCase.into());
    }
    let page_config = review
        .page_config
        .as_deref()
        .and_then(PageConfig::parse)
        .ok_or_else(|| Business::NoAccessToReviewCase.with_detail("There is no page configuration."))?;
    let path_config = PathConfig::parse(review.path_config.as_deref());
    let last_exposure = review.take_last_exposure();
    let case = review.into_case().ok_or_else(|| {
        tracing::warn!(case_config_id, "the assignment has no case, or its visit does not exist");
        Business::NoAccessToReviewCase.with_detail("The case of this assignment does not exist.")
    })?;
    let review = CaseReview::new(&case, &page_config, &path_config);
    let answer = Data(&review).write()?;
    if !participant.is_inspected() {
        // takes a second round trip the first time and when the page has changed
        let page = exposure::Page {
            task_id: &case_config_id,
            user_email: participant.email(),
            case_id: case.visit_occurrence_id,
            content: answer.bytes(),
            ai_score: review.ai_score(),
        };
        exposure::record(&app.db, &page, last_exposure).await?;
    }
    Ok(answer)
}
