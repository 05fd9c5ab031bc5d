use axum::extract::State;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use shared::answer_limit::AnswerLimit;
use shared::audit::Action;
use shared::auth::Service;
use shared::errors::bad_request;
use shared::extract::Object;
use shared::idempotency::{Answered, Once};
use shared::openapi::{BadRequest, BodyRefused, CallerRefused, IdempotencyKey, KeyReused, ServerError};
use shared::reply::{Created, Envelope};
use shared::time::StoredTime;
use shared::{ApiError, App};
use sqlx::types::Json as Jsonb;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::arms;
use crate::experiment::Experiment;

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
