use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use shared::answer_limit::AnswerLimit;
use shared::auth::Service;
use shared::extract::{Path, Query};
use shared::openapi::{BadRequest, CallerRefused, NotFound, ServerError};
use shared::paging::{Page, PageParameters, PageRequest};
use shared::reply::{Data, Envelope};
use shared::{ApiError, App};
use utoipa::ToSchema;

use crate::experiment;
use crate::run::{self, Run};

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
    let read = |after, most| run::of(&app.db, &id, after, most);
    let Page { rows: runs, next_cursor } = request.read(answers, Run::id, read).await?;
    Ok(request.linked(Data(Runs { runs, next_cursor }), &run::path(&id), "", next_cursor))
}
