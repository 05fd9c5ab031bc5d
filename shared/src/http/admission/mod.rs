//! Admission control: bounds how many requests of a kind a process handles concurrently. It refuses the others
//! immediately with a 503, so that admitted requests are answered in time.

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

/// A request uses a connection for about 15 ms, so the last one waits half a second.
const MAX_IN_FLIGHT_PER_CONNECTION: usize = 32;

/// A password takes about 35 ms of one core ([`crate::auth::Passwords`]), so the last request waits two seconds.
const MAX_PASSWORD_REQUESTS: usize = 64;

/// The maximum size of a body that is read before admission. An address and a password take a few hundred bytes.
const MAX_BYTES_BEFORE_ADMISSION: usize = 64 * 1024;

/// Each export takes one or two megabytes of memory, or five times as much if rows have a megabyte.
const MAX_EXPORTS: usize = 16;

/// A mail takes three seconds, so this allows about 21 mails a second.
const MAX_MAIL_REQUESTS: usize = 64;

/// What limits the requests to a router. The limits are independent, so that a flood of one kind does not refuse
/// another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Waiting for a database connection.
    Database,
    /// Hashing a password.
    Passwords,
    /// Sending mail; anyone may request it.
    Mail,
    /// Streaming rows: each request holds one or two megabytes until its client has read them.
    Exports,
}

impl Admission {
    /// Limits the requests to `router`, in a process with `max_connections` database connections.
    pub fn limit(self, router: Router<App>, max_connections: u32) -> Router<App> {
        match self {
            Self::Database => {
                let connections = usize::try_from(max_connections).unwrap_or(usize::MAX);
                let requests = connections.saturating_mul(MAX_IN_FLIGHT_PER_CONNECTION);
                at_most(requests.min(Semaphore::MAX_PERMITS), router)
            }
            Self::Passwords => at_most(MAX_PASSWORD_REQUESTS, router).layer(from_fn(read_body_first)),
            Self::Mail => at_most(MAX_MAIL_REQUESTS, router).layer(from_fn(read_body_first)),
            Self::Exports => at_most(MAX_EXPORTS, router),
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
    ApiError::TooManyRequests("no free slot").into_response()
}

/// Reads the body before admission: anyone may send these requests, and a slow sender must not hold a permit.
async fn read_body_first(request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    let mut body = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(more) = body.next().await {
        let Ok(more) = more else { return bad_request("body: it did not arrive completely").into_response() };
        bytes.extend_from_slice(&more);
        if bytes.len() > MAX_BYTES_BEFORE_ADMISSION {
            discard(Body::from_stream(body)).await;
            let message = format!("The body is larger than {} KB", MAX_BYTES_BEFORE_ADMISSION / 1024);
            return ApiError::Request(StatusCode::PAYLOAD_TOO_LARGE, message).into_response();
        }
    }
    next.run(Request::from_parts(head, Body::from(bytes))).await
}

/// Reads the rest of a body, up to its maximum size. A client whose connection closes while it sends may never see the
/// answer.
async fn discard(body: Body) {
    let (mut body, mut length) = (body.into_data_stream(), 0);
    while let Some(Ok(bytes)) = body.next().await {
        length += bytes.len();
        if length > MAX_BODY_BYTES {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Error;
    use futures_util::stream;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tower::ServiceExt as _;

    const CHUNK_BYTES: usize = 64 * 1024;

    /// Returns a body of so many chunks, and the number of those that were read.
    fn body_of(chunks: usize) -> (Body, Arc<AtomicUsize>) {
        let read = Arc::<AtomicUsize>::default();
        let counter = read.clone();
        let chunk = move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
            Ok::<_, Error>(vec![b'x'; CHUNK_BYTES])
        };
        (Body::from_stream(stream::iter((0..chunks).map(chunk))), read)
    }

    #[tokio::test]
    async fn the_body_of_a_refused_request_is_read_up_to_its_maximum_size() {
        let full = Router::new().layer(from_fn_with_state(Arc::new(Semaphore::new(0)), admit));
        let maximum = MAX_BODY_BYTES / CHUNK_BYTES;

        for (sent, expected) in [(1, 1), (maximum, maximum), (10 * maximum, maximum + 1)] {
            let (body, read) = body_of(sent);
            let answer = full.clone().oneshot(Request::new(body)).await.unwrap();

            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(read.load(Ordering::Relaxed), expected, "of {sent} chunks");
        }
    }
}
