//! `GET /admin/audit`: administrators read the audit trail, newest first, as JSON or CSV; `?action=`, `?since=`, `?limit=`, `?cursor=`.

mod entry;
mod filter;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Serialize;
use shared::answer_limit::AnswerLimit;
use shared::auth::Admin;
use shared::extract::Query;
use shared::http::Admission;
use shared::openapi::{BadRequest, CallerRefused, ServerError};
use shared::reply::{Data, Envelope};
use shared::{ApiError, App};
use utoipa::{OpenApi, ToSchema};

use entry::Entry;
use filter::{Filter, Parameters};

/// The route in the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(get_audit))]
pub struct Api;

/// Requests wait for a database connection.
pub const ADMISSION: Admission = Admission::Database;

/// Returns the route.
pub fn router() -> Router<App> {
    Router::new().route("/admin/audit", get(get_audit))
}

#[derive(Serialize, ToSchema)]
struct Trail {
    entries: Vec<Entry>,
    /// The cursor of older entries; null if there are none.
    next_cursor: Option<i64>,
}

/// Returns the audit trail, newest first. `Accept: text/csv` returns a file.
#[utoipa::path(
    get,
    path = "/admin/audit",
    tag = "admin",
    params(Parameters),
    security(("admin_key" = []), ("token" = [])),
    responses(
        (status = 200, description = "A page.",
            content((inline(Envelope<Trail>) = "application/json"), (String = "text/csv")),
            headers(("Link" = String, description = "The next page (RFC 8288), if there is one."))),
        BadRequest,
        CallerRefused,
        ServerError
    )
)]
async fn get_audit(
    _: Admin,
    State(app): State<App>,
    answers: AnswerLimit,
    headers: HeaderMap,
    Query(parameters): Query<Parameters>,
) -> Result<Response, ApiError> {
    let filter = Filter::of(&parameters)?;
    let mut entries = entry::newest(&app.db, &filter).await?;
    let read = entries.len();
    entries.truncate(filter.limit);
    // An entry that names many accounts is large. If a single entry does not fit, the Lambda interface reports it.
    entries.truncate(answers.rows_that_fit(&entries)?.max(1));
    let next_cursor = entries.last().filter(|_| entries.len() < read).map(|oldest| oldest.id);
    let mut response = if accepts_csv(&headers) {
        let content_type = [(header::CONTENT_TYPE, "text/csv; charset=utf-8")];
        let file = [(header::CONTENT_DISPOSITION, "attachment; filename=audit.csv")];
        (content_type, file, entry::as_csv(&entries)?).into_response()
    } else {
        Data(Trail { entries, next_cursor }).into_response()
    };
    let next = next_cursor.and_then(|cursor| HeaderValue::try_from(filter.url(cursor)).ok());
    if let Some(next) = next {
        response.headers_mut().insert(header::LINK, next);
    }
    Ok(response)
}

fn accepts_csv(headers: &HeaderMap) -> bool {
    let mut accept = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accept.any(|value| value.to_ascii_lowercase().contains("text/csv"))
}
