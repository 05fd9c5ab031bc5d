//! The HTTP surface around every router, the same in Lambda and in the container.

mod admission;
mod client_address;
mod cors;
mod guard;
mod in_span;
mod request_log;
mod trace_id;

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, Uri};
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
pub use client_address::ClientAddress;
pub(crate) use guard::add as add_guard_headers;
pub(crate) use trace_id::X_AMZN_TRACE_ID;

/// The frontend gives up after five seconds (contract section 8).
const TIME_OF_A_REQUEST: Duration = Duration::from_millis(4500);

/// When a request has to be answered: an extension of it, where its time began before it came to [`service`].
#[derive(Clone, Copy, Debug)]
pub struct Deadline(pub(crate) Instant);

impl Deadline {
    /// The deadline of a request that begins now.
    pub fn from_now() -> Self {
        Self(Instant::now() + TIME_OF_A_REQUEST)
    }
}

/// The id of a request: `x-request-id` of its answer, `request_id` of its log lines.
#[derive(Clone, Debug)]
pub struct RequestId(pub HeaderValue);

impl RequestId {
    /// As the log has it.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or("-")
    }

    /// Of the request with these parts.
    pub(crate) fn of(parts: &Parts) -> Self {
        parts.extensions.get().cloned().unwrap_or(Self(HeaderValue::from_static("-")))
    }
}

impl<S: Sync> FromRequestParts<S> for RequestId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts))
    }
}

/// `router` with everything around it: request ids and log, panics, deadline, CORS, body limit, the token in the
/// answer, and the envelope for unknown paths and wrong methods.
pub fn service(router: Router, cors_origins: &CorsOrigins) -> Router {
    router
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn(answered))
        .layer(cors::layer(cors_origins))
        .layer(from_fn(logged))
}

async fn unknown_path(uri: Uri) -> ApiError {
    tracing::debug!(path_bytes = uri.path().len(), "unknown path");
    not_found("The requested URL was not found on the server.")
}

async fn wrong_method(method: Method) -> ApiError {
    ApiError::Request(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("The method {method} is not allowed for the requested URL."),
    )
}

// Each layer clones and boxes all that is below it, for every request: what needs no layer of its own shares one.

/// Once there is an answer: the log, and what goes with every answer, one to a preflight included.
async fn logged(request: Request, next: Next) -> Response {
    let is_encrypted = guard::is_encrypted(request.headers());
    let mut response = request_log::logged(request, next).await;
    cors::expose_token(&mut response);
    guard::add(response.headers_mut(), is_encrypted);
    response
}

/// There will be an answer: in time, whether or not the handler panics, with the token.
async fn answered(mut request: Request, next: Next) -> Response {
    DefaultBodyLimit::max(MAX_BODY_BYTES).apply(&mut request);
    let bearer = BearerSlot::of(&mut request);
    let deadline = request.extensions().get().copied().unwrap_or_else(Deadline::from_now);
    let response = AssertUnwindSafe(next.run(request)).catch_unwind();
    let response = match timeout_at(deadline.0, response).await {
        Ok(Ok(response)) => response,
        // a panic's text may quote a value, and is printed by the panic hook of `telemetry`
        Ok(Err(_panic)) => ApiError::Fault("panic".to_owned()).into_response(),
        Err(_) => ApiError::Overloaded("no answer in time").into_response(),
    };
    bearer.attach(response)
}
