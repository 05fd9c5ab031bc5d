//! `POST /api/analytics`, with or without a slash at the end: the participant who owns the assignment;
//! when a case was opened, its questionnaire opened, and the answer submitted → 200 `{"id": n}`.

mod timing;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use serde::Deserialize;
use shared::auth::Participant;
use shared::extract::{Json, Object};
use shared::http::Admission;
use shared::openapi::{BadRequest, BodyRefused, ServerError, TokenRefused};
use shared::reply::{Data, Envelope, Id};
use shared::{ApiError, App, Business};
use utoipa::openapi::OpenApi as Document;
use utoipa::{Modify, OpenApi, ToSchema};

use timing::Timing;

/// Every field is optional here, because a missing one has a code of its own (1030).
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RecordedTimes {
    /// The assignment.
    #[schema(value_type = String)]
    case_config_id: Option<String>,
    /// `YYYY-MM-DDTHH:MM:SS.ffffffZ`, with 1 to 6 fraction digits.
    #[schema(value_type = String, example = "2026-03-02T08:00:00.000Z")]
    case_open_time: Option<String>,
    /// Not before the case was opened.
    #[schema(value_type = String, example = "2026-03-02T08:03:20.250Z")]
    answer_open_time: Option<String>,
    /// Not before the questionnaire was opened.
    #[schema(value_type = String, example = "2026-03-02T08:05:00.500Z")]
    answer_submit_time: Option<String>,
}

/// The route in the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(post_analytics), modifiers(&WithSlash))]
pub struct Api;

/// The same operation with a slash at the end.
struct WithSlash;

impl Modify for WithSlash {
    fn modify(&self, document: &mut Document) {
        let Some(mut item) = document.paths.paths.get("/api/analytics").cloned() else { return };
        if let Some(operation) = &mut item.post {
            operation.operation_id = Some("post_analytics_with_slash".to_owned());
        }
        document.paths.paths.insert("/api/analytics/".to_owned(), item);
    }
}

/// Its requests wait for the database.
pub const ADMISSION: Admission = Admission::Database;

/// The route.
pub fn router() -> Router<App> {
    Router::new().route("/api/analytics", post(post_analytics)).route("/api/analytics/", post(post_analytics))
}

/// Stores when a case was opened, its questionnaire opened, and the answer submitted.
#[utoipa::path(
    post,
    path = "/api/analytics",
    tag = "review",
    request_body = inline(RecordedTimes),
    security(("token" = [])),
    responses(
        (status = 200, description = "Stored, anew or instead of what was there.", body = inline(Envelope<Id<i32>>)),
        BadRequest<1030>,
        BodyRefused,
        TokenRefused,
        ServerError<1010>
    )
)]
async fn post_analytics(
    participant: Participant,
    State(app): State<App>,
    Json(Object(times)): Json<Object<RecordedTimes>>,
) -> Result<Data<Id<i32>>, ApiError> {
    let case_config_id = timing::required(times.case_config_id)?;
    let timing = Timing::parse(times.case_open_time, times.answer_open_time, times.answer_submit_time)?;
    let row = sqlx::query!(
        r#"WITH account AS (SELECT id, email FROM "user" WHERE email = $1 AND active AND (tokens_valid_from <= $9) IS NOT FALSE),
             stored AS (
               INSERT INTO analytics (user_email, case_config_id, case_id, case_open_time, answer_open_time, answer_submit_time,
                                      to_answer_open_secs, to_submit_secs, total_duration_secs)
               SELECT display_config.user_email, display_config.id, case_id, $3, $4, $5, $6, $7, $8
               FROM display_config JOIN account ON account.email = display_config.user_email
               WHERE display_config.id = $2 AND case_id IS NOT NULL
               ON CONFLICT (user_email, case_config_id) DO UPDATE SET
                 case_id = excluded.case_id, case_open_time = excluded.case_open_time, answer_open_time = excluded.answer_open_time,
                 answer_submit_time = excluded.answer_submit_time, to_answer_open_secs = excluded.to_answer_open_secs,
                 to_submit_secs = excluded.to_submit_secs, total_duration_secs = excluded.total_duration_secs,
                 modified_timestamp = now()
               RETURNING id)
           SELECT (SELECT id FROM account) AS account_id, (SELECT id FROM stored) AS stored"#,
        participant.email(),
        case_config_id,
        timing.case_open,
        timing.answer_open,
        timing.answer_submit,
        timing.to_answer_open_secs(),
        timing.to_submit_secs(),
        timing.total_duration_secs(),
        participant.logged_in_at()
    )
    .fetch_one(&app.db)
    .await?;
    participant.confirm(row.account_id)?;
    let id = row.stored.ok_or(Business::NoAccessToReviewCase)?;
    Ok(Data(Id { id }))
}
