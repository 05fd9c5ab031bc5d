use axum::extract::State;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use shared::answer_limit::AnswerLimit;
use shared::audit::Action;
use shared::auth::Service;
use shared::errors::bad_request;
use shared::extract::{Object, Path};
use shared::idempotency::{Answered, Once};
use shared::openapi::{BadRequest, BodyRefused, CallerRefused, IdempotencyKey, KeyReused, NotFound, ServerError};
use shared::reply::{Created, Envelope};
use shared::time::StoredTime;
use shared::{ApiError, App, jsonb};
use sqlx::types::Json as Jsonb;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};

use crate::experiment;
use crate::run::Run;

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
