//! Runs of an experiment's policy, each of which turns answers into assignments.

use axum::extract::State;
use axum::response::Response;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use shared::answer_limit::AnswerLimit;
use shared::audit::Action;
use shared::auth::Service;
use shared::db::Database;
use shared::errors::{bad_request, conflict, not_found};
use shared::extract::{Json, Object, Path, Query};
use shared::idempotency::{Answered, Once};
use shared::openapi::{
    BadRequest, BodyRefused, CallerRefused, Conflict, IdempotencyKey, KeyReused, NotFound, ServerError,
};
use shared::paging::{Page, PageParameters, PageRequest};
use shared::reply::{Created, Data, Envelope};
use shared::time::StoredTime;
use shared::{ApiError, App, jsonb};
use sqlx::types::Json as Jsonb;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};

use crate::experiment;
use crate::progress::{Progress, Report, ReportError, RunStatus};
use crate::time;

/// A row of `rl_run`.
#[derive(Serialize, ToSchema)]
pub(crate) struct Run {
    id: i32,
    experiment_id: String,
    model_version: Option<String>,
    status: String,
    triggered_by: Option<String>,
    configs_generated: Option<i32>,
    answers_consumed: Option<i32>,
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(serialize_with = "time::serialize_optional")]
    started_at: Option<StoredTime>,
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(serialize_with = "time::serialize_optional")]
    completed_at: Option<StoredTime>,
    #[schema(value_type = Value)]
    run_params: Option<Jsonb<Box<RawValue>>>,
}

impl Run {
    pub(crate) fn id(&self) -> i32 {
        self.id
    }
}

/// Returns the path of the list of an experiment's runs.
pub(crate) fn path(experiment_id: &str) -> String {
    format!("/api/v1/experiments/{}/runs", utf8_percent_encode(experiment_id, NON_ALPHANUMERIC))
}

/// Reads at most so many runs after the one with the id `after`, newest first.
pub(crate) async fn of(
    db: &Database,
    experiment_id: &str,
    after: Option<i32>,
    most: Option<i64>,
) -> Result<Vec<Run>, sqlx::Error> {
    sqlx::query_as!(
        Run,
        r#"SELECT id, experiment_id, model_version, status, triggered_by, configs_generated, answers_consumed,
                  started_at AS "started_at: StoredTime", completed_at AS "completed_at: StoredTime",
                  run_params AS "run_params: Jsonb<Box<RawValue>>"
           FROM rl_run WHERE experiment_id = $1 AND ($2::int IS NULL OR id < $2) ORDER BY id DESC LIMIT $3"#,
        experiment_id,
        after,
        most
    )
    .fetch_all(db)
    .await
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Runs {
    runs: Vec<Run>,
    /// The cursor of older entries; null if there are none. Absent if the list is complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i32>, required = false)]
    next_cursor: Option<Option<i32>>,
}

/// Lists the runs of an experiment.
#[utoipa::path(
    get,
    path = "/api/v1/experiments/{id}/runs",
    operation_id = "get_experiment_runs",
    tag = "experiments",
    params(("id" = String, Path, description = "`experiment_id`"), PageParameters),
    security(("service_key" = []), ("token" = [])),
    responses(
        (status = 200, description = "Newest first.", body = inline(Envelope<Runs>),
            headers(("Link" = String, description = "The next page (RFC 8288), if there is one."))),
        BadRequest,
        CallerRefused,
        NotFound,
        ServerError
    )
)]
pub(crate) async fn get_runs(
    _: Service,
    State(app): State<App>,
    answers: AnswerLimit,
    Path(id): Path<String>,
    Query(parameters): Query<PageParameters>,
) -> Result<Response, ApiError> {
    let request = PageRequest::of(&parameters)?;
    let exists = sqlx::query!("SELECT FROM experiment WHERE experiment_id = $1", id).fetch_optional(&app.db).await?;
    exists.ok_or_else(experiment::unknown)?;
    let read = |after, most| of(&app.db, &id, after, most);
    let Page { rows: runs, next_cursor } = request.read(answers, Run::id, read).await?;
    Ok(request.linked(Data(Runs { runs, next_cursor }), &path(&id), "", next_cursor))
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct NewRun {
    /// Text, or a number, which is converted to text.
    #[serde(default = "manual")]
    #[schema(schema_with = trigger_schema, required = false)]
    triggered_by: Option<Value>,
    #[schema(value_type = Value, required = false)]
    run_params: Option<Box<RawValue>>,
}

fn trigger_schema() -> Schema {
    let types = [Type::String, Type::Number, Type::Null];
    ObjectBuilder::new().schema_type(SchemaType::from_iter(types)).max_length(Some(50)).into()
}

#[expect(clippy::unnecessary_wraps, reason = "serde requires the field's type")]
fn manual() -> Option<Value> {
    Some("manual".into())
}

impl NewRun {
    fn trigger(&self) -> Result<Option<String>, ApiError> {
        let trigger = match &self.triggered_by {
            None => return Ok(None),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            Some(_) => return Err(bad_request("triggered_by: expected text")),
        };
        let fits = trigger.chars().count() <= 50;
        if fits { Ok(Some(trigger)) } else { Err(bad_request("triggered_by: longer than 50 characters")) }
    }

    /// Returns JSON text. Absent parameters are stored as JSON null rather than SQL NULL, as the old service does.
    fn params(&self) -> Result<&str, ApiError> {
        let Some(params) = self.run_params.as_deref() else { return Ok("null") };
        jsonb::read("run_params", params).map(|_| params.get())
    }
}

/// Creates a run; the experiment must be active.
#[utoipa::path(
    post,
    path = "/api/v1/experiments/{id}/runs",
    operation_id = "post_experiment_run",
    tag = "experiments",
    params(("id" = String, Path, description = "`experiment_id`"), IdempotencyKey),
    request_body = inline(NewRun),
    security(("service_key" = []), ("token" = [])),
    responses(
        (status = 201, description = "The run, which is pending.", body = inline(Envelope<Run>)),
        BadRequest,
        BodyRefused,
        CallerRefused,
        KeyReused,
        NotFound,
        ServerError
    )
)]
pub(crate) async fn post_run(
    Service(author): Service,
    State(app): State<App>,
    Path(id): Path<String>,
    limit: AnswerLimit,
    Once { body: Object(new), attempt }: Once<Object<NewRun>>,
) -> Result<Answered<Created<Run>>, ApiError> {
    let (trigger, params) = (new.trigger()?, new.params()?);
    let mut transaction = app.db.begin().await?;
    if let Some(earlier) = attempt.earlier(&mut transaction, &author).await? {
        return Ok(Answered::Replayed(earlier));
    }
    let status = sqlx::query_scalar!("SELECT status FROM experiment WHERE experiment_id = $1 FOR SHARE", id)
        .fetch_optional(&mut *transaction)
        .await?
        .ok_or_else(experiment::unknown)?;
    if status != "active" {
        return Err(bad_request(format!("Cannot create run for experiment in '{status}' status")));
    }
    let run = sqlx::query_as!(
        Run,
        r#"INSERT INTO rl_run (experiment_id, triggered_by, run_params) VALUES ($1, $2, $3::text::jsonb)
           RETURNING id, experiment_id, model_version, status, triggered_by, configs_generated, answers_consumed,
                     started_at AS "started_at: StoredTime", completed_at AS "completed_at: StoredTime",
                     run_params AS "run_params: Jsonb<Box<RawValue>>""#,
        id,
        trigger,
        params
    )
    .fetch_one(&mut *transaction)
    .await?;
    limit.check(&run)?;
    author.record(&mut transaction, Action::CreateRun, &[id, run.id.to_string()], json!({})).await?;
    attempt.remember(&mut transaction, &author, 201, &run).await?;
    transaction.commit().await?;
    Ok(Answered::New(Created(run)))
}

impl From<ReportError> for ApiError {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Invalid(message) => bad_request(message),
            ReportError::Step(from, to) => conflict(format!("status: a {from} run cannot become {to}")),
        }
    }
}

/// Reports the progress of a run: pending → running → completed or failed (409 for other transitions).
#[utoipa::path(
    patch,
    path = "/api/v1/experiments/{id}/runs/{run_id}",
    operation_id = "patch_experiment_run",
    tag = "experiments",
    params(("id" = String, Path, description = "`experiment_id`"), ("run_id" = i32, Path, description = "The run's `id`.")),
    request_body = inline(Report),
    security(("service_key" = []), ("token" = [])),
    responses(
        (status = 200, description = "The run.", body = inline(Envelope<Run>)),
        BadRequest,
        BodyRefused,
        CallerRefused,
        NotFound,
        Conflict,
        ServerError
    )
)]
pub(crate) async fn patch_run(
    Service(author): Service,
    State(app): State<App>,
    Path((experiment_id, run_id)): Path<(String, String)>,
    Json(Object(report)): Json<Object<Report>>,
) -> Result<Data<Run>, ApiError> {
    report.check()?;
    let unknown = || not_found("Run not found");
    let run_id: i32 = run_id.parse().map_err(|_| unknown())?;
    let mut transaction = app.db.begin().await?;
    let stored = sqlx::query!(
        r#"SELECT status, started_at AS "started_at: StoredTime", completed_at AS "completed_at: StoredTime"
           FROM rl_run WHERE experiment_id = $1 AND id = $2 FOR UPDATE"#,
        experiment_id,
        run_id
    )
    .fetch_optional(&mut *transaction)
    .await?
    .ok_or_else(unknown)?;
    let status =
        RunStatus::parse(&stored.status).ok_or_else(|| conflict("status: the run has one that is not known"))?;
    let progress = Progress {
        status,
        started_at: stored.started_at.and_then(StoredTime::utc),
        completed_at: stored.completed_at.and_then(StoredTime::utc),
    };
    let progress = progress.after(&report, app.clock.now())?;
    let run = sqlx::query_as!(
        Run,
        r#"UPDATE rl_run
           SET status = $2, started_at = $3, completed_at = $4, model_version = coalesce($5, model_version),
               configs_generated = coalesce($6, configs_generated), answers_consumed = coalesce($7, answers_consumed)
           WHERE id = $1
           RETURNING id, experiment_id, model_version, status, triggered_by, configs_generated, answers_consumed,
                     started_at AS "started_at: StoredTime", completed_at AS "completed_at: StoredTime",
                     run_params AS "run_params: Jsonb<Box<RawValue>>""#,
        run_id,
        progress.status.as_str(),
        progress.started_at,
        progress.completed_at,
        report.model_version,
        report.configs_generated,
        report.answers_consumed
    )
    .fetch_one(&mut *transaction)
    .await?;
    if run.status != stored.status {
        let details = json!({ "from": stored.status, "to": run.status });
        author.record(&mut transaction, Action::SetRunStatus, &[experiment_id, run.id.to_string()], details).await?;
    }
    transaction.commit().await?;
    Ok(Data(run))
}
