use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use serde_json::value::RawValue;
use shared::answer_limit::AnswerLimit;
use shared::auth::Service;
use shared::extract::Path;
use shared::openapi::{BadRequest, CallerRefused, NotFound, ServerError};
use shared::paging::{Page, PageRequest};
use shared::reply::{Data, Envelope};
use shared::time::StoredTime;
use shared::{ApiError, App};
use sqlx::types::Json as Jsonb;
use utoipa::ToSchema;

use crate::experiment::{self, Experiment};
use crate::run::{self, Run};

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
    .ok_or_else(experiment::unknown)?;
    let request = PageRequest::beside_the_rest();
    let read = |after, most| run::of(&app.db, &id, after, most);
    let Page { rows: runs, next_cursor } = request.read(answers.reserving(&experiment)?, Run::id, read).await?;
    let answer = Data(ExperimentWithRuns { experiment, runs, next_cursor: next_cursor.flatten() });
    Ok(request.linked(answer, &run::path(&id), "", next_cursor))
}
