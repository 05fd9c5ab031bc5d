use axum::extract::State;
use serde_json::json;
use serde_json::value::RawValue;
use shared::audit::Action;
use shared::auth::Service;
use shared::errors::{bad_request, conflict, not_found};
use shared::extract::{Json, Object, Path};
use shared::openapi::{BadRequest, BodyRefused, CallerRefused, Conflict, NotFound, ServerError};
use shared::reply::{Data, Envelope};
use shared::time::StoredTime;
use shared::{ApiError, App};
use sqlx::types::Json as Jsonb;

use crate::progress::{Progress, Report, ReportError, RunStatus};
use crate::run::Run;

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
        RunStatus::parse(&stored.status).ok_or_else(|| conflict("status: the stored status of the run is unknown"))?;
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
