//! `POST /api/v1/configs/batch`: services assign cases; `{"configs": [{user_email, case_id, path_config?, id?, experiment_id?,
//! rl_run_id?, arm?, allocation_probability?}]}` → 201 `{"results": […], "total": n}`, a result for each entry in its order.

mod entry;
mod queries;

use std::collections::HashSet;

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;
use shared::answer_limit::AnswerLimit;
use shared::audit::Action;
use shared::auth::Service;
use shared::errors::bad_request;
use shared::extract::{JsonEntries, Object};
use shared::http::Admission;
use shared::openapi::{BadRequest, BodyRefused, CallerRefused, ServerError};
use shared::reply::{Created, Envelope};
use shared::{ApiError, App};
use utoipa::{OpenApi, ToSchema};

use entry::{Assignment, Entry, EntryError};

#[derive(Deserialize, ToSchema)]
struct Batch {
    #[schema(value_type = Vec<Entry>, min_items = 1)]
    configs: Vec<Object<Entry>>,
}

#[derive(Serialize, ToSchema)]
struct BatchResults {
    results: Vec<EntryResult>,
    total: usize,
}

/// The result for an entry, with the reason of a failure in `error`. An entry that failed without a reason has the id
/// of an existing assignment, which is unchanged.
#[derive(Serialize, ToSchema)]
struct EntryResult {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = serde_json::Value, required = false)]
    user_email: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = serde_json::Value, required = false)]
    case_id: Option<Box<RawValue>>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// The route in the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(post_batch))]
pub struct Api;

/// Requests wait for a database connection.
pub const ADMISSION: Admission = Admission::Database;

/// Returns the route.
pub fn router() -> Router<App> {
    Router::new().route("/api/v1/configs/batch", post(post_batch))
}

/// Adds assignments. Each entry is judged separately. The whole batch is refused (400) only if an entry is not an
/// object, or if there is nothing to store and a value is invalid.
#[utoipa::path(
    post,
    path = "/api/v1/configs/batch",
    operation_id = "post_configs_batch",
    tag = "experiments",
    request_body = inline(Batch),
    security(("service_key" = []), ("token" = [])),
    responses(
        (status = 201, description = "A result for each entry, in the same order.", body = inline(Envelope<BatchResults>)),
        BadRequest,
        BodyRefused,
        CallerRefused,
        ServerError
    )
)]
async fn post_batch(
    Service(author): Service,
    State(app): State<App>,
    limit: AnswerLimit,
    JsonEntries(Object(batch)): JsonEntries<Object<Batch>>,
) -> Result<Created<BatchResults>, ApiError> {
    if batch.configs.is_empty() {
        return Err(bad_request("'configs' must be a non-empty array"));
    }
    let read: Vec<Result<Assignment, EntryError>> =
        batch.configs.iter().map(|Object(entry)| entry.assignment()).collect();
    let assignments: Vec<&Assignment> = read.iter().flatten().collect();
    if let (Some(message), true) = (first_wrong_value(&read), assignments.is_empty()) {
        return Err(bad_request(message));
    }
    let mut transaction = app.db.begin().await?;
    let mut stored = queries::store(&mut transaction, &assignments).await?;
    let added = stored.len();
    let entries = batch.configs.into_iter().zip(read);
    let results: Vec<EntryResult> = entries.map(|(Object(entry), read)| result(entry, read, &mut stored)).collect();
    let results = BatchResults { total: results.len(), results };
    limit.check(&results)?;
    if added > 0 {
        let details = json!({ "added": added, "failed": results.total - added });
        author.record(&mut transaction, Action::AddAssignments, &[], details).await?;
    }
    transaction.commit().await?;
    Ok(Created(results))
}

fn first_wrong_value(read: &[Result<Assignment, EntryError>]) -> Option<String> {
    read.iter().enumerate().find_map(|(index, read)| match read {
        Err(EntryError::WrongValue(reason)) => Some(format!("configs[{index}].{reason}")),
        _ => None,
    })
}

/// Returns the result of an entry. Removes its id from `stored`, so that only the first of several entries with the
/// same id counts as added.
fn result(entry: Entry, read: Result<Assignment, EntryError>, stored: &mut HashSet<String>) -> EntryResult {
    let named = |status, error| EntryResult { user_email: entry.user_email, case_id: entry.case_id, status, error };
    match read {
        Ok(assignment) if stored.remove(&assignment.id) => named("added", None),
        Ok(_) => named("failed", None),
        Err(EntryError::Missing) => EntryResult {
            user_email: None,
            case_id: None,
            status: "failed",
            error: Some(EntryError::Missing.to_string()),
        },
        Err(EntryError::WrongValue(reason)) => named("failed", Some(reason)),
    }
}
