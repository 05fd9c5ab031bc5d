//! `POST /api/answer/{task_id}`: the participant with the assignment; `{answer, answerConfigId, aiScoreShown?}` → 200
//! `{"id": n}`.

mod queries;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use shared::auth::Participant;
use shared::errors::{bad_request, conflict};
use shared::extract::{Json, Object, Path, nullable};
use shared::http::Admission;
use shared::openapi::{BadRequest, BodyRefused, Conflict, NotFound, ServerError, TokenRefused};
use shared::readable::Readable;
use shared::reply::{Data, Envelope, Id};
use shared::{ApiError, App, Business};
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;

use queries::{Attempt, Submission};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SubmittedAnswer {
    /// Stored as sent, because the analysis needs numbers as participants wrote them.
    #[schema(value_type = Value)]
    answer: Box<RawValue>,
    /// The questionnaire: `id` of `GET /api/config/answer`.
    #[schema(required)]
    #[serde(deserialize_with = "nullable")]
    answer_config_id: Option<String>,
    ai_score_shown: Option<bool>,
}

/// The route in the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(post_answer))]
pub struct Api;

/// Requests wait for a database connection.
pub const ADMISSION: Admission = Admission::Database;

/// Returns the route.
pub fn router() -> Router<App> {
    Router::new().route("/api/answer/{task_id}", post(post_answer))
}

/// Stores an answer. Repeating the same answer returns its id; a different one is refused.
#[utoipa::path(
    post,
    path = "/api/answer/{task_id}",
    tag = "review",
    params(("task_id" = String, Path, description = "The assignment: `config_id` of `GET /api/cases`.")),
    request_body = inline(SubmittedAnswer),
    security(("token" = [])),
    responses(
        (status = 200, description = "The answer is stored, now or previously.", body = inline(Envelope<Id<i32>>)),
        BadRequest,
        BodyRefused,
        TokenRefused,
        NotFound,
        Conflict,
        ServerError<1010, 1021>
    )
)]
async fn post_answer(
    participant: Participant,
    State(app): State<App>,
    Path(task_id): Path<String>,
    Json(Object(submitted)): Json<Object<SubmittedAnswer>>,
) -> Result<Data<Id<i32>>, ApiError> {
    if serde_json::from_str::<Readable>(submitted.answer.get()).is_err() {
        return Err(bad_request("answer: text or number that cannot be stored"));
    }
    let answer_config_id = submitted.answer_config_id.as_deref().map(Uuid::try_parse);
    let submission = Submission {
        task_id: &task_id,
        user_email: participant.email(),
        logged_in_at: participant.logged_in_at(),
        answer: submitted.answer.get(),
        answer_config_id: answer_config_id.clone().and_then(Result::ok),
        ai_score_shown: submitted.ai_score_shown.unwrap_or(false),
    };
    let mut attempt = queries::store(&app.db, &submission).await?;
    participant.confirm(attempt.account_id)?;
    if !attempt.is_assigned {
        return Err(Business::NoAccessToReviewCase.into());
    }
    if let Some(Err(_)) = answer_config_id {
        return Err(bad_request("answerConfigId: not a UUID"));
    }
    if !attempt.has_questionnaire {
        return Err(Business::NoAnswerConfig.into());
    }
    if attempt.has_no_case {
        attempt = queries::store_without_case(&app.db, &submission).await?;
    }
    match attempt {
        Attempt { stored: Some(id), .. } => Ok(Data(Id { id })),
        Attempt { stored: None, case_id, .. } => already_stored(&app, &submission, case_id).await,
    }
}

/// Handles an answer to a case that already has one. The frontend repeats an answer if the timing request after it
/// failed, so the same answer returns its id.
async fn already_stored(
    app: &App,
    submission: &Submission<'_>,
    case_id: Option<i32>,
) -> Result<Data<Id<i32>>, ApiError> {
    let stored = queries::stored_answer(&app.db, submission, case_id).await?;
    let stored = stored.ok_or(Business::NoAccessToReviewCase)?;
    let same = stored.answer_config_id == submission.answer_config_id
        && stored.ai_score_shown == submission.ai_score_shown
        && stored.answer.is_some_and(|stored| is_same(&stored, submission.answer));
    if same { Ok(Data(Id { id: stored.id })) } else { Err(conflict("This case has another answer already")) }
}

/// Returns whether two JSON texts have equal values.
fn is_same(one: &str, other: &str) -> bool {
    let read = serde_json::from_str::<Value>;
    matches!((read(one), read(other)), (Ok(one), Ok(other)) if one == other)
}
