use axum::extract::State;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use shared::audit::Action;
use shared::auth::Service;
use shared::extract::{Json, Object, Path};
use shared::openapi::{BadRequest, BodyRefused, CallerRefused, NotFound, ServerError};
use shared::reply::{Data, Envelope};
use shared::time::StoredTime;
use shared::{ApiError, App};
use sqlx::types::Json as Jsonb;
use utoipa::ToSchema;

use crate::experiment::{self, Experiment};

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
        .ok_or_else(experiment::unknown)?;
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
