//! Experiments.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;
use shared::answer_limit::AnswerLimit;
use shared::audit::Action;
use shared::auth::Service;
use shared::errors::{bad_request, not_found};
use shared::extract::{Json, Object, Path, Query};
use shared::openapi::{BadRequest, BodyRefused, CallerRefused, NotFound, ServerError};
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

/// 404 for an experiment that there is not.
pub(crate) fn unknown() -> ApiError {
    not_found("Experiment not found")
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct NewExperiment {
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Each an object with a `name`, or its name alone.
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
    request_body = inline(NewExperiment),
    security(("service_key" = []), ("token" = [])),
    responses(
        (status = 201, description = "The experiment.", body = inline(Envelope<Experiment>)),
        BadRequest,
        BodyRefused,
        CallerRefused,
        ServerError
    )
)]
pub(crate) async fn post_experiment(
    Service(author): Service,
    State(app): State<App>,
    limit: AnswerLimit,
    Json(Object(new)): Json<Object<NewExperiment>>,
) -> Result<Created<Experiment>, ApiError> {
    new.check()?;
    let hex = Uuid::new_v4().simple().to_string();
    let mut transaction = app.db.begin().await?;
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
        new.case_pool.as_deref().map(RawValue::get)
    )
    .fetch_one(&mut *transaction)
    .await?;
    limit.check(&experiment)?;
    let resources = [experiment.experiment_id.clone()];
    author.record(&mut transaction, Action::CreateExperiment, &resources, json!({})).await?;
    transaction.commit().await?;
    Ok(Created(experiment))
}

#[derive(Deserialize)]
pub(crate) struct Filter {
    status: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Experiments {
    experiments: Vec<Experiment>,
}

/// A status that there is not has no experiments; an empty one is none.
#[utoipa::path(
    get,
    path = "/api/v1/experiments",
    tag = "experiments",
    params(("status" = Option<String>, Query, description = "`active`, `paused`, `completed` or `archived`.")),
    security(("service_key" = []), ("token" = [])),
    responses(
        (status = 200, description = "Newest first.", body = inline(Envelope<Experiments>)),
        BadRequest,
        CallerRefused,
        ServerError
    )
)]
pub(crate) async fn get_experiments(
    _: Service,
    State(app): State<App>,
    Query(filter): Query<Filter>,
) -> Result<Data<Experiments>, ApiError> {
    let experiments = sqlx::query_as!(
        Experiment,
        r#"SELECT id, experiment_id, name, description, status, arms AS "arms: Jsonb<Box<RawValue>>",
                  case_pool AS "case_pool: Jsonb<Box<RawValue>>", created_at AS "created_at: StoredTime",
                  updated_at AS "updated_at: StoredTime"
           FROM experiment WHERE status = $1 OR $1 IS NULL ORDER BY created_at DESC, id DESC"#,
        filter.status.filter(|status| !status.is_empty())
    )
    .fetch_all(&app.db)
    .await?;
    Ok(Data(Experiments { experiments }))
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ExperimentWithRuns {
    #[serde(flatten)]
    experiment: Experiment,
    runs: Vec<Run>,
}

/// One experiment with its runs.
#[utoipa::path(
    get,
    path = "/api/v1/experiments/{id}",
    tag = "experiments",
    params(("id" = String, Path, description = "`experiment_id`")),
    security(("service_key" = []), ("token" = [])),
    responses(
        (status = 200, description = "The experiment, its runs newest first.", body = inline(Envelope<ExperimentWithRuns>)),
        BadRequest,
        CallerRefused,
        NotFound,
        ServerError
    )
)]
pub(crate) async fn get_experiment(
    _: Service,
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Data<ExperimentWithRuns>, ApiError> {
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
    Ok(Data(ExperimentWithRuns { experiment, runs: run::of(&app.db, &id).await? }))
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

/// Sets the status of an experiment.
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
        r#"UPDATE experiment SET status = $2, updated_at = now() WHERE experiment_id = $1
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
