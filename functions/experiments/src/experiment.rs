//! Experiments.

use axum::extract::State;
use axum::response::Response;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;
use shared::answer_limit::AnswerLimit;
use shared::audit::Action;
use shared::auth::Service;
use shared::db::Database;
use shared::errors::{bad_request, not_found};
use shared::extract::{Json, Object, Path, Query};
use shared::idempotency::{Answered, Once};
use shared::openapi::{BadRequest, BodyRefused, CallerRefused, IdempotencyKey, KeyReused, NotFound, ServerError};
use shared::paging::{Page, PageParameters, PageRequest};
use shared::reply::{Created, Data, Envelope};
use shared::time::StoredTime;
use shared::{ApiError, App};
use sqlx::types::Json as Jsonb;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::run::{self, Run};
use crate::{arms, time};

/// A row of `experiment`.
#[derive(Serialize, ToSchema)]
pub(crate) struct Experiment {
    id: i32,
    experiment_id: String,
    name: String,
    description: Option<String>,
    status: String,
    #[schema(value_type = serde_json::Value)]
    arms: Jsonb<Box<RawValue>>,
    #[schema(value_type = serde_json::Value)]
    case_pool: Option<Jsonb<Box<RawValue>>>,
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    #[serde(serialize_with = "time::serialize")]
    created_at: StoredTime,
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    #[serde(serialize_with = "time::serialize")]
    updated_at: StoredTime,
}

/// Returns the 404 for an unknown experiment.
pub(crate) fn unknown() -> ApiError {
    not_found("Experiment not found")
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct NewExperiment {
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Each arm is an object with a `name`, or the name alone.
    #[schema(schema_with = arms::schema)]
    arms: Box<RawValue>,
    description: Option<String>,
    #[schema(value_type = Option<Vec<serde_json::Value>>)]
    case_pool: Option<Box<RawValue>>,
}

impl NewExperiment {
    fn check(&self) -> Result<(), ApiError> {
        match self.name.chars().count() {
            0 => return Err(bad_request("name: is empty")),
            1..=200 => {}
            _ => return Err(bad_request("name: longer than 200 characters")),
        }
        arms::check_arms(&self.arms)?;
        self.case_pool.as_deref().map_or(Ok(()), arms::check_case_pool)
    }
}

/// Creates an experiment.
#[utoipa::path(
    post,
    path = "/api/v1/experiments",
    tag = "experiments",
    params(IdempotencyKey),
    request_body = inline(NewExperiment),
    security(("service_key" = []), ("token" = [])),
    responses(
        (status = 201, description = "The experiment.", body = inline(Envelope<Experiment>)),
        BadRequest,
        BodyRefused,
        CallerRefused,
        KeyReused,
        ServerError
    )
)]
pub(crate) async fn post_experiment(
    Service(author): Service,
    State(app): State<App>,
    limit: AnswerLimit,
    Once { body: Object(new), attempt }: Once<Object<NewExperiment>>,
) -> Result<Answered<Created<Experiment>>, ApiError> {
    new.check()?;
    let hex = Uuid::new_v4().simple().to_string();
    let mut transaction = app.db.begin().await?;
    if let Some(earlier) = attempt.earlier(&mut transaction, &author).await? {
        return Ok(Answered::Replayed(earlier));
    }
    let experiment = sqlx::query_as!(
        Experiment,
        r#"INSERT INTO experiment (experiment_id, name, description, arms, case_pool)
           VALUES ($1, $2, $3, $4::text::jsonb, $5::text::jsonb)
           RETURNING id, experiment_id, name, description, status, arms AS "arms: Jsonb<Box<RawValue>>",
                     case_pool AS "case_pool: Jsonb<Box<RawValue>>", created_at AS "created_at: StoredTime",
                     updated_at AS "updated_at: StoredTime""#,
        format!("exp-{}", &hex[..12]),
        new.name,
        new.description,
        new.arms.get(),
        // stored as JSON null rather than SQL NULL if absent, as the old service does
        new.case_pool.as_deref().map_or("null", RawValue::get)
    )
    .fetch_one(&mut *transaction)
    .await?;
    limit.check(&experiment)?;
    let resources = [experiment.experiment_id.clone()];
    author.record(&mut transaction, Action::CreateExperiment, &resources, json!({})).await?;
    attempt.remember(&mut transaction, &author, 201, &experiment).await?;
    transaction.commit().await?;
    Ok(Answered::New(Created(experiment)))
}

#[derive(Deserialize)]
pub(crate) struct Filter {
    status: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Experiments {
    experiments: Vec<Experiment>,
    /// The cursor of older entries; null if there are none. Absent if the list is complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i32>, required = false)]
    next_cursor: Option<Option<i32>>,
}

/// Lists experiments. An unknown `status` matches none; an empty one matches all.
#[utoipa::path(
    get,
    path = "/api/v1/experiments",
    tag = "experiments",
    params(
        ("status" = Option<String>, Query, description = "`active`, `paused`, `completed` or `archived`."),
        PageParameters
    ),
    security(("service_key" = []), ("token" = [])),
    responses(
        (status = 200, description = "Newest first.", body = inline(Envelope<Experiments>),
            headers(("Link" = String, description = "The next page (RFC 8288), if there is one."))),
        BadRequest,
        CallerRefused,
        ServerError
    )
)]
pub(crate) async fn get_experiments(
    _: Service,
    State(app): State<App>,
    answers: AnswerLimit,
    Query(filter): Query<Filter>,
    Query(parameters): Query<PageParameters>,
) -> Result<Response, ApiError> {
    let request = PageRequest::of(&parameters)?;
    let status = filter.status.filter(|status| !status.is_empty());
    let read = |after, most| of_status(&app.db, status.as_deref(), after, most);
    let page = request.read(answers, |experiment: &Experiment| experiment.id, read).await?;
    let Page { rows: experiments, next_cursor } = page;
    let own = status.map(|status| format!("&status={}", utf8_percent_encode(&status, NON_ALPHANUMERIC)));
    let answer = Data(Experiments { experiments, next_cursor });
    Ok(request.linked(answer, "/api/v1/experiments", &own.unwrap_or_default(), next_cursor))
}

/// Reads at most so many experiments after the one with the id `after`, newest first.
async fn of_status(
    db: &Database,
    status: Option<&str>,
    after: Option<i32>,
    most: Option<i64>,
) -> Result<Vec<Experiment>, sqlx::Error> {
    sqlx::query_as!(
        Experiment,
        r#"SELECT id, experiment_id, name, description, status, arms AS "arms: Jsonb<Box<RawValue>>",
                  case_pool AS "case_pool: Jsonb<Box<RawValue>>", created_at AS "created_at: StoredTime",
                  updated_at AS "updated_at: StoredTime"
           FROM experiment
           WHERE (status = $1 OR $1 IS NULL)
             AND ($2::int IS NULL OR (created_at, id) < (SELECT created_at, id FROM experiment WHERE id = $2))
           ORDER BY created_at DESC, id DESC LIMIT $3"#,
        status,
        after,
        most
    )
    .fetch_all(db)
    .await
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ExperimentWithRuns {
    #[serde(flatten)]
    experiment: Experiment,
    runs: Vec<Run>,
    /// The `cursor` of older runs in this experiment's `/runs`. Absent if these are all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = i32, required = false)]
    next_cursor: Option<i32>,
}

/// Returns an experiment with its runs, or as many of them as fit into one answer.
#[utoipa::path(
    get,
    path = "/api/v1/experiments/{id}",
    tag = "experiments",
    params(("id" = String, Path, description = "`experiment_id`")),
    security(("service_key" = []), ("token" = [])),
    responses(
        (status = 200, description = "The experiment, its runs newest first.", body = inline(Envelope<ExperimentWithRuns>),
            headers(("Link" = String, description = "The next page of its runs (RFC 8288), if there is one."))),
        BadRequest,
        CallerRefused,
        NotFound,
        ServerError
    )
)]
pub(crate) async fn get_experiment(
    _: Service,
    State(app): State<App>,
    answers: AnswerLimit,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let experiment = sqlx::query_as!(
        Experiment,
        r#"SELECT id, experiment_id, name, description, status, arms AS "arms: Jsonb<Box<RawValue>>",
                  case_pool AS "case_pool: Jsonb<Box<RawValue>>", created_at AS "created_at: StoredTime",
                  updated_at AS "updated_at: StoredTime"
           FROM experiment WHERE experiment_id = $1"#,
        id
    )
    .fetch_optional(&app.db)
    .await?
    .ok_or_else(unknown)?;
    let request = PageRequest::default();
    let read = |after, most| run::of(&app.db, &id, after, most);
    let Page { rows: runs, next_cursor } = request.read(answers.reserving(&experiment)?, Run::id, read).await?;
    let answer = Data(ExperimentWithRuns { experiment, runs, next_cursor: next_cursor.flatten() });
    Ok(request.linked(answer, &run::path(&id), "", next_cursor))
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum ExperimentStatus {
    Active,
    Paused,
    Completed,
    Archived,
}

impl ExperimentStatus {
    fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Completed => "completed",
            Self::Archived => "archived",
        }
    }
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct NewStatus {
    status: ExperimentStatus,
}

/// Sets the status of an experiment. Setting its current status changes nothing.
#[utoipa::path(
    patch,
    path = "/api/v1/experiments/{id}/status",
    operation_id = "patch_experiment_status",
    tag = "experiments",
    params(("id" = String, Path, description = "`experiment_id`")),
    request_body = inline(NewStatus),
    security(("service_key" = []), ("token" = [])),
    responses(
        (status = 200, description = "The experiment.", body = inline(Envelope<Experiment>)),
        BadRequest,
        BodyRefused,
        CallerRefused,
        NotFound,
        ServerError
    )
)]
pub(crate) async fn patch_status(
    Service(author): Service,
    State(app): State<App>,
    Path(id): Path<String>,
    Json(Object(new)): Json<Object<NewStatus>>,
) -> Result<Data<Experiment>, ApiError> {
    let mut transaction = app.db.begin().await?;
    let before = sqlx::query_scalar!("SELECT status FROM experiment WHERE experiment_id = $1 FOR UPDATE", id)
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or_else(unknown)?;
    let experiment = sqlx::query_as!(
        Experiment,
        r#"UPDATE experiment SET status = $2::text, updated_at = CASE WHEN status = $2::text THEN updated_at ELSE now() END
           WHERE experiment_id = $1
           RETURNING id, experiment_id, name, description, status, arms AS "arms: Jsonb<Box<RawValue>>",
                     case_pool AS "case_pool: Jsonb<Box<RawValue>>", created_at AS "created_at: StoredTime",
                     updated_at AS "updated_at: StoredTime""#,
        id,
        new.status.as_str()
    )
    .fetch_one(&mut *transaction)
    .await?;
    if before != experiment.status {
        let details = json!({ "from": before, "to": experiment.status });
        author.record(&mut transaction, Action::SetExperimentStatus, &[id], details).await?;
    }
    transaction.commit().await?;
    Ok(Data(experiment))
}
