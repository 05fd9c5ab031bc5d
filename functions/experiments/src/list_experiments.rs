use axum::extract::State;
use axum::response::Response;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use shared::answer_limit::AnswerLimit;
use shared::auth::Service;
use shared::db::Database;
use shared::extract::Query;
use shared::openapi::{BadRequest, CallerRefused, ServerError};
use shared::paging::{self, Page, PageParameters, PageRequest};
use shared::reply::{Data, Envelope};
use shared::time::StoredTime;
use shared::{ApiError, App};
use sqlx::types::Json as Jsonb;
use utoipa::ToSchema;

use crate::experiment::Experiment;

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
    if experiments.is_empty() {
        check_cursor(&app.db, &request).await?;
    }
    let own = status.map(|status| format!("&status={}", utf8_percent_encode(&status, NON_ALPHANUMERIC)));
    let answer = Data(Experiments { experiments, next_cursor });
    Ok(request.linked(answer, "/api/v1/experiments", &own.unwrap_or_default(), next_cursor))
}

/// Fails with 400 if the experiment before the page does not exist, and so has no place in the order. Called only for
/// empty pages, because it takes a second round trip.
async fn check_cursor(db: &Database, request: &PageRequest) -> Result<(), ApiError> {
    let Some(after) = request.after else { return Ok(()) };
    let known = sqlx::query_scalar!("SELECT id FROM experiment WHERE id = $1", after).fetch_optional(db).await?;
    known.map(drop).ok_or_else(paging::unknown_cursor)
}

/// Reads the experiments after the one with the id `after`, newest first: at most `most`, or all without a limit.
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
