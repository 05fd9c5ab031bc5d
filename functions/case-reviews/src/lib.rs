//! `GET /api/case-reviews/{case_config_id}`: the participant who owns the assignment; its case as a tree.

mod ai_score;
mod background;
mod case;
mod case_tree;
mod complaint;
mod decimal;
mod examination;
#[cfg(test)]
mod example;
pub mod naming;
mod page_config;
mod path_config;
mod queries;
mod value;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use shared::auth::Participant;
use shared::extract::Path;
use shared::reply::Data;
use shared::{ApiError, App, Business};

use crate::case_tree::CaseReview;
use crate::page_config::PageConfig;
use crate::path_config::PathConfig;
use crate::queries::Review;

/// The route.
pub fn router() -> Router<App> {
    Router::new().route("/api/case-reviews/{case_config_id}", get(get_case_review))
}

async fn get_case_review(
    State(app): State<App>,
    participant: Participant,
    Path(case_config_id): Path<String>,
) -> Result<Data<CaseReview>, ApiError> {
    let review = Review::fetch(&app.db, participant.email(), &case_config_id).await?;
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
    let case = review.into_case().ok_or_else(|| {
        tracing::warn!(case_config_id, "assignment without a case, or its visit is gone");
        Business::NoAccessToReviewCase.with_detail("The case of this assignment does not exist.")
    })?;
    Ok(Data(CaseReview::new(&case, &page_config, &path_config)))
}
