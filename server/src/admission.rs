//! How much is taken on at once. The rest is told at once to come back, so that what was taken on is answered in time.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use shared::errors::bad_request;
use shared::extract::MAX_BODY_BYTES;
use shared::{ApiError, App};
use tokio::sync::Semaphore;

use crate::admitted::Admitted;

/// With 15 ms of a connection each, the last of them has waited for half a second.
const REQUESTS_PER_CONNECTION: usize = 32;

/// The last of them has waited for two seconds (35 ms of a core each, [`shared::auth::Passwords`]).
const PASSWORDS: usize = 64;

/// Of a body without a place, of which there are as many as connections. An address and a password have some hundred.
const SMALL_BODY_BYTES: usize = 64 * 1024;

/// Rows of a megabyte take five times as much in each.
const EXPORTS: usize = 16;

/// Each is answered after three seconds, so that a third of them are answered a second.
const MAILS: usize = 64;

/// Routes that ask the database, over a pool of so many connections.
pub(crate) fn of_the_database(router: Router<App>, max_connections: u32) -> Router<App> {
    let connections = usize::try_from(max_connections).unwrap_or(usize::MAX);
    at_most(connections.saturating_mul(REQUESTS_PER_CONNECTION).min(Semaphore::MAX_PERMITS), router)
}

/// Routes that hash passwords: those who want to get in have places of their own.
pub(crate) fn of_passwords(router: Router<App>) -> Router<App> {
    at_most(PASSWORDS, router).layer(from_fn(once_the_body_is_there))
}

/// Routes that send mail, to anybody who asks: nobody's login is to wait for these.
pub(crate) fn of_mail(router: Router<App>) -> Router<App> {
    at_most(MAILS, router).layer(from_fn(once_the_body_is_there))
}

/// Routes that stream rows: each holds a megabyte or two for as long as its reader takes.
pub(crate) fn of_exports(router: Router<App>) -> Router<App> {
    at_most(EXPORTS, router)
}

fn at_most(requests: usize, router: Router<App>) -> Router<App> {
    router.layer(from_fn_with_state(Arc::new(Semaphore::new(requests)), admit))
}

async fn admit(State(places): State<Arc<Semaphore>>, request: Request, next: Next) -> Response {
    if let Ok(place) = places.try_acquire_owned() {
        return next.run(request).await.map(|body| Admitted::body(body, place));
    }
    read_past(request.into_body()).await;
    ApiError::Overloaded("too many requests at once").into_response()
}

/// Anybody may send these, and slowly: nobody holds a place for a body that does not come.
async fn once_the_body_is_there(request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    let mut body = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(more) = body.next().await {
        let Ok(more) = more else { return bad_request("body: it broke off").into_response() };
        bytes.extend_from_slice(&more);
        if bytes.len() > SMALL_BODY_BYTES {
            read_past(Body::from_stream(body)).await;
            let message = format!("The body is larger than {} KB", SMALL_BODY_BYTES / 1024);
            return ApiError::Request(StatusCode::PAYLOAD_TOO_LARGE, message).into_response();
        }
    }
    next.run(Request::from_parts(head, Body::from(bytes))).await
}

/// Who is cut off while they send may never see what they are told.
async fn read_past(body: Body) {
    let (mut body, mut length) = (body.into_data_stream(), 0);
    while let Some(Ok(bytes)) = body.next().await {
        length += bytes.len();
        if length > MAX_BODY_BYTES {
            break;
        }
    }
}
