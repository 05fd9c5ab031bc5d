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

/// A page of an export.
#[derive(Serialize, ToSchema)]
struct Export<R> {
    data: Vec<R>,
    pagination: Pagination,
}

/// Exports answers with their case and their timing. `Accept: text/csv` returns a file.
#[utoipa::path(
    get,
    path = "/api/v1/export/answers",
    tag = "export",
    params(PageParameters, SinceParameter, IncludeParameter),
    security(("service_key" = []), ("token" = [])),
    responses(
        (status = 200, description = "A page.",
            content((inline(Export<AnswerRow>) = "application/json"), (String = "text/csv")),
            headers(("Link" = String, description = "The next page (RFC 8288), if there is one."))),
        BadRequest,
        CallerRefused,
        TooLarge,
        ServerError
    )
)]
#[expect(dead_code, reason = "only its annotation is used")]
fn get_export_answers() {}

/// Exports assignments of cases to participants. `Accept: text/csv` returns a file.
#[utoipa::path(
    get,
    path = "/api/v1/export/display-configs",
    tag = "export",
    params(PageParameters),
    security(("service_key" = []), ("token" = [])),
    responses(
        (status = 200, description = "A page.",
            content((inline(Export<DisplayConfigRow>) = "application/json"), (String = "text/csv")),
            headers(("Link" = String, description = "The next page (RFC 8288), if there is one."))),
        BadRequest,
        CallerRefused,
        TooLarge,
        ServerError
    )
)]
#[expect(dead_code, reason = "only its annotation is used")]
fn get_export_display_configs() {}

/// Exports the durations of reviews. `Accept: text/csv` returns a file.
#[utoipa::path(
    get,
    path = "/api/v1/export/analytics",
    tag = "export",
    params(PageParameters, SinceParameter),
    security(("service_key" = []), ("token" = [])),
    responses(
        (status = 200, description = "A page.",
            content((inline(Export<AnalyticsRow>) = "application/json"), (String = "text/csv")),
            headers(("Link" = String, description = "The next page (RFC 8288), if there is one."))),
        BadRequest,
        CallerRefused,
        TooLarge,
        ServerError
    )
)]
#[expect(dead_code, reason = "only its annotation is used")]
fn get_export_analytics() {}

/// Exports participants, without name and address; excludes administrators. `Accept: text/csv` returns a file.
#[utoipa::path(
    get,
    path = "/api/v1/export/participants",
    tag = "export",
    params(PageParameters),
    security(("service_key" = []), ("token" = [])),
    responses(
        (status = 200, description = "A page.",
            content((inline(Export<ParticipantRow>) = "application/json"), (String = "text/csv")),
            headers(("Link" = String, description = "The next page (RFC 8288), if there is one."))),
        BadRequest,
        CallerRefused,
        TooLarge,
        ServerError
    )
)]
#[expect(dead_code, reason = "only its annotation is used")]
fn get_export_participants() {}
