//! Admission control: how many requests of a kind a process works on at once. It refuses the others at once with a 503, so that
//! those it has admitted are answered in time.

mod admitted;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use tokio::sync::Semaphore;

use crate::App;
use crate::errors::{ApiError, bad_request};
use crate::extract::MAX_BODY_BYTES;
use admitted::Admitted;

/// With 15 ms of a connection each, the last of them has waited for half a second.
const REQUESTS_PER_CONNECTION: usize = 32;

/// The last of them has waited for two seconds (35 ms of a core each, [`crate::auth::Passwords`]).
const PASSWORDS: usize = 64;

/// The largest body of a request that is read before its admission. An address and a password have some hundred bytes.
const MAX_BYTES_BEFORE_ADMISSION: usize = 64 * 1024;

/// Rows of a megabyte take five times as much in each.
const EXPORTS: usize = 16;

/// Each is answered after three seconds, so that a third of them are answered a second.
const MAILS: usize = 64;

/// What limits the requests to a router. Each kind has a limit of its own, so that a flood of one does not refuse another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// They wait for a connection to the database.
    Database,
    /// They hash a password.
    Passwords,
    /// They send mail, and anybody may ask for it.
    Mail,
    /// They stream rows: each holds one or two megabytes for as long as its reader takes.
    Exports,
}

impl Admission {
    /// Limits the requests to `router`, in a process with so many connections to the database.
    pub fn limit(self, router: Router<App>, max_connections: u32) -> Router<App> {
        match self {
            Self::Database => {
                let connections = usize::try_from(max_connections).unwrap_or(usize::MAX);
                let requests = connections.saturating_mul(REQUESTS_PER_CONNECTION);
                at_most(requests.min(Semaphore::MAX_PERMITS), router)
            }
            Self::Passwords => at_most(PASSWORDS, router).layer(from_fn(read_body_first)),
            Self::Mail => at_most(MAILS, router).layer(from_fn(read_body_first)),
            Self::Exports => at_most(EXPORTS, router),
        }
    }
}

fn at_most(requests: usize, router: Router<App>) -> Router<App> {
    router.layer(from_fn_with_state(Arc::new(Semaphore::new(requests)), admit))
}

async fn admit(State(admissions): State<Arc<Semaphore>>, request: Request, next: Next) -> Response {
    if let Ok(permit) = admissions.try_acquire_owned() {
        return next.run(request).await.map(|body| Admitted::body(body, permit));
    }
    discard(request.into_body()).await;
    ApiError::Overloaded("too many requests at once").into_response()
}

/// Reads the body before the request is admitted: anybody may send these, and a slow sender must not hold a permit.
async fn read_body_first(request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    let mut body = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(more) = body.next().await {
        let Ok(more) = more else { return bad_request("body: it broke off").into_response() };
        bytes.extend_from_slice(&more);
        if bytes.len() > MAX_BYTES_BEFORE_ADMISSION {
            discard(Body::from_stream(body)).await;
            let message = format!("The body is larger than {} KB", MAX_BYTES_BEFORE_ADMISSION / 1024);
            return ApiError::Request(StatusCode::PAYLOAD_TOO_LARGE, message).into_response();
        }
    }
    next.run(Request::from_parts(head, Body::from(bytes))).await
}

/// Reads a body to its end: a client whose connection is closed while it sends may never see the answer.
async fn discard(body: Body) {
    let (mut body, mut length) = (body.into_data_stream(), 0);
    while let Some(Ok(bytes)) = body.next().await {
        length += bytes.len();
        if length > MAX_BODY_BYTES {
            break;
        }
    }
}
