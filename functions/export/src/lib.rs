//! `GET /api/v1/export/{answers,display-configs,analytics,participants}`: an API key, or an administrator's token; rows
//! in pages, as JSON or CSV (contract section 5).
//!
//! A page is read in two steps: first its keys, from an index and in one snapshot; then its rows by key, streamed in
//! batches. So every page costs the same, its size is known before its first byte, and no statement or connection waits
//! for a slow client.

mod analytics;
mod answers;
mod batches;
mod cursor;
mod display_configs;
mod document;
pub mod encoding;
mod format;
mod operations;
mod page;
mod participants;
mod request;
mod resource;
pub mod row;
mod since;
pub mod value;
mod whole;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use serde_json::json;
use shared::audit::Action;
use shared::auth::Service;
use shared::extract::Query;
use shared::http::Admission;
use shared::lambda::RowsSent;
use shared::{ApiError, App};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use utoipa::OpenApi;

pub use analytics::Analytics;
pub use answers::{Answers, AnswersWithAssignment};
pub use display_configs::DisplayConfigs;
use format::Format;
use page::Page;
pub use page::SNAPSHOT;
pub use participants::Participants;
use request::{PageRequest, includes_assignment};
use resource::Resource;
pub use since::parse as parse_since;
pub use whole::Table;

/// The four routes in the OpenAPI document.
#[derive(OpenApi)]
#[openapi(paths(
    operations::get_export_answers,
    operations::get_export_display_configs,
    operations::get_export_analytics,
    operations::get_export_participants
))]
pub struct Api;

/// Requests stream rows.
pub const ADMISSION: Admission = Admission::Exports;

/// Returns the four routes, with gzip for clients that accept it.
pub fn router() -> Router<App> {
    let display_configs = route::<DisplayConfigs>();
    let (analytics, participants) = (route::<Analytics>(), route::<Participants>());
    Router::new()
        .route(Answers::PATH, get(export_answers))
        .route(DisplayConfigs::PATH, display_configs)
        .route(Analytics::PATH, analytics)
        .route(Participants::PATH, participants)
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
}

fn route<R: Resource>() -> MethodRouter<App> {
    get(export::<R>)
}

async fn export_answers(
    service: Service,
    app: State<App>,
    headers: HeaderMap,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Response, ApiError> {
    if includes_assignment(&parameters)? {
        export::<AnswersWithAssignment>(service, app, headers, Query(parameters)).await
    } else {
        export::<Answers>(service, app, headers, Query(parameters)).await
    }
}

async fn export<R: Resource>(
    Service(author): Service,
    State(app): State<App>,
    headers: HeaderMap,
    Query(parameters): Query<Vec<(String, String)>>,
) -> Result<Response, ApiError> {
    let request = PageRequest::of::<R>(&parameters)?;
    let format = Format::accepted(&headers);
    let db = app.reads.database().await;
    let page = Page::<R>::find(db, &request, format).await?;
    if !page.keys.is_empty() {
        let details = json!({ "rows": page.keys.len() });
        author.record_alone(&app.db, Action::ExportData, &[R::PATH.to_owned()], details).await?;
    }
    let next = page.next_url(&request).and_then(|url| HeaderValue::try_from(format!("<{url}>; rel=\"next\"")).ok());

    let sent = RowsSent::default();
    let mut response = document::body(db.clone(), &page, &request, format, sent.clone())?.into_response();
    response.extensions_mut().insert(sent);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, format.content_type());
    if format == Format::Csv {
        headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=export.csv"));
    }
    if let Some(next) = next {
        headers.insert(header::LINK, next);
    }
    Ok(response)
}
