//! The operations in the OpenAPI document. The generic handler `export` serves all four, but each annotation needs a
//! function of its own.

use serde::Serialize;
use shared::openapi::{BadRequest, CallerRefused, ServerError, TooLarge};
use utoipa::ToSchema;

use crate::analytics::AnalyticsRow;
use crate::answers::AnswerRow;
use crate::display_configs::DisplayConfigRow;
use crate::page::Pagination;
use crate::participants::ParticipantRow;
use crate::request::{IncludeParameter, PageParameters, SinceParameter};

/// What `document::body` streams as JSON.
#[derive(Serialize, ToSchema)]
struct Export<R> {
    data: Vec<R>,
    pagination: Pagination,
}

/// Answers, with the case they are about and the time they took. `Accept: text/csv` gives a file.
#[utoipa::path(
    get,
    path = "/api/v1/export/answers",
    tag = "export",
    params(PageParameters, SinceParameter, IncludeParameter),
    security(("service_key" = []), ("token" = [])),
    responses(
        (status = 200, description = "A page.",
            content((inline(Export<AnswerRow>) = "application/json"), (String = "text/csv")),
            headers(("Link" = String, description = "The next page (RFC 8288), where there is one."))),
        BadRequest,
        CallerRefused,
        TooLarge,
        ServerError
    )
)]
#[expect(dead_code, reason = "only its annotation is used")]
fn get_export_answers() {}

/// Assignments of cases to participants. `Accept: text/csv` gives a file.
#[utoipa::path(
    get,
    path = "/api/v1/export/display-configs",
    tag = "export",
    params(PageParameters),
    security(("service_key" = []), ("token" = [])),
    responses(
        (status = 200, description = "A page.",
            content((inline(Export<DisplayConfigRow>) = "application/json"), (String = "text/csv")),
            headers(("Link" = String, description = "The next page (RFC 8288), where there is one."))),
        BadRequest,
        CallerRefused,
        TooLarge,
        ServerError
    )
)]
#[expect(dead_code, reason = "only its annotation is used")]
fn get_export_display_configs() {}

/// How long participants took. `Accept: text/csv` gives a file.
#[utoipa::path(
    get,
    path = "/api/v1/export/analytics",
    tag = "export",
    params(PageParameters, SinceParameter),
    security(("service_key" = []), ("token" = [])),
    responses(
        (status = 200, description = "A page.",
            content((inline(Export<AnalyticsRow>) = "application/json"), (String = "text/csv")),
            headers(("Link" = String, description = "The next page (RFC 8288), where there is one."))),
        BadRequest,
        CallerRefused,
        TooLarge,
        ServerError
    )
)]
#[expect(dead_code, reason = "only its annotation is used")]
fn get_export_analytics() {}

/// Participants, without name and address; administrators are none. `Accept: text/csv` gives a file.
#[utoipa::path(
    get,
    path = "/api/v1/export/participants",
    tag = "export",
    params(PageParameters),
    security(("service_key" = []), ("token" = [])),
    responses(
        (status = 200, description = "A page.",
            content((inline(Export<ParticipantRow>) = "application/json"), (String = "text/csv")),
            headers(("Link" = String, description = "The next page (RFC 8288), where there is one."))),
        BadRequest,
        CallerRefused,
        TooLarge,
        ServerError
    )
)]
#[expect(dead_code, reason = "only its annotation is used")]
fn get_export_participants() {}
