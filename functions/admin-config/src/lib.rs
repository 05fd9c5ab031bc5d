//! Administrators assign cases and publish questionnaires.
//!
//! - `POST /admin/config/upload`: a CSV file replaces every assignment → 200, an entry for each
//! - `POST /api/admin/config/upload`: the same file adds or updates assignments and leaves the others alone
//! - `POST /api/admin/config/upload/preview`: what that would store, and warnings
//! - `POST /admin/config/answer`: a list of questions → 200 `{"id": uuid}`

pub mod config_file;
pub mod preview;
pub mod questionnaire;
pub mod store;
mod upload_error;
mod upload_form;

use axum::Router;
use axum::extract::multipart::MultipartRejection;
use axum::extract::{DefaultBodyLimit, Multipart, State};
use axum::routing::post;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use shared::answer_limit::AnswerLimit;
use shared::audit::Action;
use shared::auth::Admin;
use shared::errors::bad_request;
use shared::extract::Object;
use shared::http::Admission;
use shared::idempotency::{Answered, Once};
use shared::openapi::{BadRequest, BodyRefused, CallerRefused, IdempotencyKey, KeyReused, ServerError, TooLarge};
use shared::reply::{Data, Envelope, Id};
use shared::{ApiError, App};
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;

use config_file::Assignment;
use preview::Preview;
use questionnaire::Question;
use store::Upserted;
use upload_error::UploadError;
use upload_form::UploadForm;

/// 100,000 rows take 5 to 15 MB. The load balancer forwards at most 1 MB to a function, but any size to the container.
const MAX_UPLOAD_BYTES: usize = 32 * 1024 * 1024;

/// The route in the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(post_upload, post_page_upload, post_preview, post_answer))]
pub struct Api;

/// Requests wait for a database connection.
pub const ADMISSION: Admission = Admission::Database;

/// Returns the routes.
pub fn router() -> Router<App> {
    Router::new()
        .route("/admin/config/upload", post(post_upload))
        .route("/api/admin/config/upload", post(post_page_upload))
        .route("/api/admin/config/upload/preview", post(post_preview))
        .layer(DefaultBodyLimit::max(MAX_UPLOAD_BYTES))
        .route("/admin/config/answer", post(post_answer))
}

type Form = Result<Multipart, MultipartRejection>;

#[derive(Serialize, ToSchema)]
struct Added {
    user_case_key: String,
    status: &'static str,
}

impl Added {
    fn of(assignment: &Assignment) -> Self {
        Self { user_case_key: format!("{}-{}", assignment.user_email, assignment.case_id), status: "added" }
    }
}

/// Replaces all assignments by those of a CSV file: either all rows are stored or nothing changes.
#[utoipa::path(
    post,
    path = "/admin/config/upload",
    operation_id = "post_config_upload",
    tag = "admin",
    request_body(content = inline(UploadForm), content_type = "multipart/form-data"),
    security(("admin_key" = []), ("token" = [])),
    responses(
        (status = 200, description = "One entry per assignment.", body = inline(Envelope<Vec<Added>>)),
        BadRequest<1006, 1011, 1012>,
        CallerRefused,
        TooLarge,
        ServerError
    )
)]
async fn post_upload(
    Admin(author): Admin,
    State(app): State<App>,
    limit: AnswerLimit,
    form: Form,
) -> Result<Data<Vec<Added>>, ApiError> {
    let replaced = async {
        let file = upload_form::read(form).await?;
        let added = file.assignments.iter().map(Added::of).collect();
        limit.check(&added)?;
        let mut transaction = app.db.begin().await?;
        let removed = store::replace_all(&mut transaction, &file.assignments).await?;
        let details = json!({ "added": file.assignments.len(), "removed": removed });
        author.record(&mut transaction, Action::ReplaceAssignments, &[], details).await?;
        transaction.commit().await?;
        Ok(Data(added))
    };
    replaced.await.map_err(UploadError::for_scripts)
}

#[derive(Serialize, ToSchema)]
struct Uploaded {
    results: Vec<UploadResult>,
    summary: Summary,
}

#[derive(Serialize, ToSchema)]
struct UploadResult {
    user_email: String,
    case_id: i32,
    status: &'static str,
}

#[derive(Serialize, ToSchema)]
struct Summary {
    total: usize,
    created: usize,
    updated: usize,
}

impl Uploaded {
    fn of(assignments: Vec<Assignment>, outcomes: &[Upserted]) -> Self {
        let created = outcomes.iter().filter(|outcome| **outcome == Upserted::Created).count();
        let results = assignments.into_iter().zip(outcomes).map(|(assignment, outcome)| UploadResult {
            user_email: assignment.user_email,
            case_id: assignment.case_id,
            status: match outcome {
                Upserted::Created => "created",
                Upserted::Updated => "updated",
            },
        });
        let summary = Summary { total: outcomes.len(), created, updated: outcomes.len() - created };
        Self { results: results.collect(), summary }
    }
}

/// Adds or updates assignments from a CSV file; keeps all others.
#[utoipa::path(
    post,
    path = "/api/admin/config/upload",
    operation_id = "post_admin_config_upload",
    tag = "admin",
    request_body(content = inline(UploadForm), content_type = "multipart/form-data"),
    security(("admin_key" = []), ("token" = [])),
    responses(
        (status = 200, description = "The outcome for each assignment.", body = inline(Envelope<Uploaded>)),
        BadRequest,
        CallerRefused,
        TooLarge,
        ServerError<1006, 1007, 1008, 1009, 1011, 1012>
    )
)]
async fn post_page_upload(
    Admin(author): Admin,
    State(app): State<App>,
    limit: AnswerLimit,
    form: Form,
) -> Result<Data<Uploaded>, ApiError> {
    let uploaded = async {
        let file = upload_form::read(form).await?;
        let mut transaction = app.db.begin().await?;
        let outcomes = store::upsert(&mut transaction, &file.assignments).await?;
        let uploaded = Uploaded::of(file.assignments, &outcomes);
        limit.check(&uploaded)?;
        let details = json!({ "added": uploaded.summary.created, "updated": uploaded.summary.updated });
        author.record(&mut transaction, Action::UploadAssignments, &[], details).await?;
        transaction.commit().await?;
        Ok(Data(uploaded))
    };
    uploaded.await.map_err(UploadError::for_page)
}

/// Previews what an upload of this file would store. Stores nothing.
#[utoipa::path(
    post,
    path = "/api/admin/config/upload/preview",
    operation_id = "post_admin_config_upload_preview",
    tag = "admin",
    request_body(content = inline(UploadForm), content_type = "multipart/form-data"),
    security(("admin_key" = []), ("token" = [])),
    responses(
        (status = 200, description = "The assignments that would be stored, and warnings.", body = inline(Envelope<Preview>)),
        BadRequest,
        CallerRefused,
        TooLarge,
        ServerError<1006, 1007, 1008, 1009, 1011, 1012>
    )
)]
async fn post_preview(_: Admin, State(app): State<App>, form: Form) -> Result<Data<Preview>, ApiError> {
    let file = upload_form::read(form).await.map_err(UploadError::for_page)?;
    Ok(Data(Preview::of(file, &app.db).await?))
}

/// The body as the contract describes it. Clients send only the list.
#[derive(Deserialize)]
struct Wrapper {
    config: Box<RawValue>,
}

/// Publishes a questionnaire, which participants get from now on.
#[utoipa::path(
    post,
    path = "/admin/config/answer",
    operation_id = "post_config_answer",
    tag = "admin",
    params(IdempotencyKey),
    request_body = Vec<Question>,
    security(("admin_key" = []), ("token" = [])),
    responses(
        (status = 200, description = "The questionnaire's id.", body = inline(Envelope<Id<Uuid>>)),
        BadRequest<1020>,
        BodyRefused,
        CallerRefused,
        KeyReused,
        ServerError
    )
)]
async fn post_answer(
    Admin(author): Admin,
    State(app): State<App>,
    Once { body, attempt }: Once<Box<RawValue>>,
) -> Result<Answered<Data<Id<Uuid>>>, ApiError> {
    let config = serde_json::from_str(body.get()).map_or(body, |Object(Wrapper { config })| config);
    let questions: Value =
        serde_json::from_str(config.get()).map_err(|_| bad_request("body: text or number that cannot be stored"))?;
    questionnaire::check(&questions)?;
    let mut transaction = app.db.begin().await?;
    if let Some(earlier) = attempt.earlier(&mut transaction, &author).await? {
        return Ok(Answered::Replayed(earlier));
    }
    let id = questionnaire::publish(&mut transaction, &config).await?;
    let details = json!({ "questions": questions.as_array().map_or(0, Vec::len) });
    author.record(&mut transaction, Action::PublishQuestionnaire, &[id.to_string()], details).await?;
    attempt.remember(&mut transaction, &author, 200, &Id { id }).await?;
    transaction.commit().await?;
    Ok(Answered::New(Data(Id { id })))
}
