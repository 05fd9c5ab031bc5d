//! One log line for each request, and one more for the end of a streamed body.

use std::sync::Arc;
use std::time::Instant;

use axum::body::HttpBody as _;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use tracing::{Instrument, Span};
use uuid::Uuid;

use super::in_span::InSpan;
use super::request_id::RequestId;
use super::trace_id::TraceIds;
use crate::auth::Account;
use crate::errors::ApiError;
use crate::telemetry::{self, DatabaseUse, REQUEST};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Runs `next` and logs the outcome. Logs the route's pattern, never the URI: paths and queries may hold confidential
/// values.
pub(super) async fn logged(mut request: Request, next: Next) -> Response {
    let start = Instant::now();
    let id = request.extensions().get::<RequestId>().cloned().unwrap_or_else(new_id);
    request.extensions_mut().insert(id.clone());
    let span = span(&request, &id);
    let mut response = next.run(request).instrument(span.clone()).await;
    let database_use = DatabaseUse::of(&span);
    span.in_scope(|| log(&response, start, database_use));
    telemetry::describe_answer(&span, response.status().as_u16());
    response.headers_mut().insert(X_REQUEST_ID, id.0);
    let is_streamed = response.body().size_hint().exact().is_none();
    if is_streamed { response.map(|body| InSpan::around(body, &span, start)) } else { response }
}

fn new_id() -> RequestId {
    let id = Uuid::new_v4().to_string();
    RequestId(HeaderValue::try_from(id).unwrap_or(HeaderValue::from_static("-")))
}

fn span(request: &Request, id: &RequestId) -> Span {
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str);
    let TraceIds { trace_id, caller_trace_id } = TraceIds::of(request.headers());
    let request_id = id.0.to_str().unwrap_or("-");
    let (name, kind) = (tracing::field::Empty, tracing::field::Empty);
    let method = method_name(request.method());
    let span = tracing::info_span!(
        REQUEST,
        request_id,
        trace_id,
        caller_trace_id,
        method,
        route,
        otel.name = name,
        otel.kind = kind
    );
    telemetry::describe_request(&span, request.headers(), method, route);
    span
}

/// Returns the name of a method of RFC 9110 or 5789. A client can send any other word, even a secret: it is logged as
/// `_OTHER`, as in OpenTelemetry's conventions for HTTP.
fn method_name(method: &Method) -> &str {
    const KNOWN: [Method; 9] = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::CONNECT,
        Method::OPTIONS,
        Method::TRACE,
        Method::PATCH,
    ];
    if KNOWN.contains(method) { method.as_str() } else { "_OTHER" }
}

fn log(response: &Response, start: Instant, (statements, database_milliseconds): (u64, f64)) {
    let status = response.status().as_u16();
    let milliseconds = start.elapsed().as_secs_f64() * 1000.0;
    let account = response.extensions().get().map(|&Account(id)| id);
    macro_rules! line {
        ($level:ident, $($more:tt)+) => {
            tracing::$level!(status, milliseconds, statements, database_milliseconds, account, $($more)+)
        };
    }
    match response.extensions().get::<Arc<ApiError>>().map(Arc::as_ref) {
        None => line!(info, "answered"),
        // users' mistakes have status 500, too, but alarms must not count them
        Some(
            ApiError::Business(error, _) | ApiError::BusinessAt { error, .. } | ApiError::BusinessFor { error, .. },
        ) => {
            line!(info, business_error = error.code(), "refused");
        }
        Some(ApiError::Request(..) | ApiError::Token(_)) => {
            line!(info, "refused");
        }
        Some(error) if error.is_out_of_connections() => {
            line!(warn, overload = "connections", error = %error, "overloaded");
        }
        Some(error @ ApiError::TooManyRequests(_)) => {
            line!(warn, overload = "requests", error = %error, "overloaded");
        }
        // one of our checks should have refused the value and named its field
        Some(unstorable) if unstorable.is_unstorable_value() => {
            line!(warn, cause = %unstorable, "refused");
        }
        Some(fault @ (ApiError::Database(_) | ApiError::Mail(_) | ApiError::Overloaded(_) | ApiError::Fault(_))) => {
            line!(error, fault = %fault, "failed");
        }
    }
}
