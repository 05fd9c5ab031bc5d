//! The HTTP surface around every router, the same in Lambda and in the container.

mod admission;
mod arrival;
mod client_address;
mod cors;
mod in_span;
mod request_id;
mod request_log;
mod security_headers;
mod trace_id;

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{Method, Uri};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::{Router, http::StatusCode};
use futures_util::FutureExt as _;
use tokio::time::{Instant, timeout_at};

use crate::auth::BearerSlot;
use crate::config::CorsOrigins;
use crate::errors::{ApiError, not_found};
use crate::extract::MAX_BODY_BYTES;

pub use admission::Admission;
use arrival::Arrival;
pub use client_address::ClientAddress;
pub use request_id::RequestId;
pub(crate) use security_headers::add as add_security_headers;
pub use security_headers::with_security_headers;
pub(crate) use trace_id::X_AMZN_TRACE_ID;

/// The frontend times out after five seconds (contract section 8).
const REQUEST_TIMEOUT: Duration = Duration::from_millis(4500);

/// The time by which a request must be answered. A request to [`service`] has this extension if its time began before;
/// handlers always have it.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(pub(crate) Instant);

impl Deadline {
    /// Returns the deadline of a request that begins now.
    pub fn from_now() -> Self {
        Self(Instant::now() + REQUEST_TIMEOUT)
    }

    /// Returns when the time of the request began.
    pub fn began(self) -> Instant {
        self.0.checked_sub(REQUEST_TIMEOUT).unwrap_or(self.0)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Deadline {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get().copied().unwrap_or_else(Self::from_now))
    }
}

/// Wraps `router` with request ids and logging, panic handling, the deadline, CORS, the body limit, the token in the
/// answer, and the error envelope for unknown paths and wrong methods.
pub fn service(router: Router, cors_origins: &CorsOrigins) -> Router {
    router
        .fallback(unknown_path)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn(run_handler))
        .layer(cors::layer(cors_origins))
        .layer(from_fn(logged))
}

async fn unknown_path(uri: Uri) -> ApiError {
    tracing::debug!(path_bytes = uri.path().len(), "unknown path");
    not_found("The requested URL was not found on the server.")
}

async fn method_not_allowed(method: Method) -> ApiError {
    ApiError::Request(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("The method {method} is not allowed for the requested URL."),
    )
}

// Each layer clones and boxes everything below it for every request, so related steps share a layer.

/// Logs the request, and adds the headers that every answer has, including answers to preflights.
async fn logged(request: Request, next: Next) -> Response {
    let is_encrypted = security_headers::is_encrypted(request.headers());
    let mut response = request_log::logged(request, next).await;
    cors::expose_token(&mut response);
    security_headers::add(response.headers_mut(), is_encrypted);
    response
}

/// Ensures an answer before the deadline, even if the handler panics, and attaches the token.
async fn run_handler(mut request: Request, next: Next) -> Response {
    DefaultBodyLimit::max(MAX_BODY_BYTES).apply(&mut request);
    let bearer = BearerSlot::of(&mut request);
    let deadline = *request.extensions_mut().get_or_insert_with(Deadline::from_now);
    let (request, body) = Arrival::of(request);
    // keep the handler alive until after the match: it owns the body that `is_awaited` is about
    let mut response = pin!(AssertUnwindSafe(next.run(request)).catch_unwind());
    let response = match timeout_at(deadline.0, response.as_mut()).await {
        Ok(Ok(response)) => response,
        // the panic hook of `telemetry` logs it; its text may quote a value
        Ok(Err(_panic)) => ApiError::Fault("panic".to_owned()).into_response(),
        Err(_) if body.is_awaited() => {
            let message = "The body of the request did not arrive in time.".to_owned();
            ApiError::Request(StatusCode::REQUEST_TIMEOUT, message).into_response()
        }
        Err(_) => ApiError::Overloaded("no answer in time").into_response(),
    };
    bearer.attach(response)
}
