//! Streamed bodies, which are sent after their handler has returned.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::BoxError;
use axum::body::{Body, BodyDataStream, Bytes};
use futures_util::Stream;
use tracing::Span;

use crate::telemetry::DatabaseUse;

/// A streamed body, polled within the span of its request. Logs the last line of the request when it is dropped.
pub(super) struct InSpan {
    body: BodyDataStream,
    span: Span,
    start: Instant,
    is_complete: bool,
}

impl InSpan {
    pub(super) fn around(body: Body, span: &Span, start: Instant) -> Body {
        let body = body.into_data_stream();
        Body::from_stream(Self { body, span: span.clone(), start, is_complete: false })
    }
}

impl Stream for InSpan {
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let span = self.span.clone();
        let polled = span.in_scope(|| Pin::new(&mut self.body).poll_next(context));
        self.is_complete |= matches!(polled, Poll::Ready(None));
        // `Body::from_stream` wraps the error once more
        polled.map_err(axum::Error::into_inner)
    }
}

impl Drop for InSpan {
    fn drop(&mut self) {
        let total_milliseconds = self.start.elapsed().as_secs_f64() * 1000.0;
        let (statements, database_milliseconds) = DatabaseUse::of(&self.span);
        let is_complete = self.is_complete;
        self.span.in_scope(|| {
            tracing::info!(is_complete, total_milliseconds, statements, database_milliseconds, "body sent");
        });
    }
}
