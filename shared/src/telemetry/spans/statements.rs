//! A span for each statement. sqlx reports a statement when it is done, with the time that it took.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use opentelemetry::KeyValue;
use opentelemetry::trace::{Span as _, SpanKind, Tracer as _};
use opentelemetry_sdk::trace::SdkTracer;
use tracing::dispatcher::WeakDispatch;
use tracing::field::{Field, Visit};
use tracing::{Dispatch, Event, Subscriber};
use tracing_opentelemetry::get_otel_context;
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use crate::telemetry::statements::TARGET;
use crate::time::now;

/// Makes the spans.
pub(super) struct StatementSpans {
    tracer: SdkTracer,
    dispatch: OnceLock<WeakDispatch>,
}

impl StatementSpans {
    pub(super) fn new(tracer: SdkTracer) -> Self {
        Self { tracer, dispatch: OnceLock::new() }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for StatementSpans {
    fn on_register_dispatch(&self, dispatch: &Dispatch) {
        let _ = self.dispatch.set(dispatch.downgrade());
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() != TARGET {
            return;
        }
        // what no request waits for, as the rotation of secrets, is no part of a trace
        let Some(request) = context.event_span(event) else { return };
        let Some(dispatch) = self.dispatch.get().and_then(WeakDispatch::upgrade) else { return };
        let Some(parent) = get_otel_context(&request.id(), &dispatch) else { return };
        let mut statement = Statement::default();
        event.record(&mut statement);
        let end = SystemTime::from(now());
        let builder = self.tracer.span_builder("statement").with_kind(SpanKind::Client);
        let builder = builder.with_start_time(end.checked_sub(statement.elapsed).unwrap_or(end)).with_attributes([
            KeyValue::new("db.system.name", "postgresql"),
            KeyValue::new("db.query.summary", statement.summary),
        ]);
        builder.start_with_context(&self.tracer, &parent).end_with_timestamp(end);
    }
}

/// What sqlx says of a statement: its first words, in which there is no value, and its time.
#[derive(Default)]
struct Statement {
    summary: String,
    elapsed: Duration,
}

impl Visit for Statement {
    fn record_f64(&mut self, field: &Field, seconds: f64) {
        if field.name() == "elapsed_secs" {
            self.elapsed = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        }
    }

    fn record_str(&mut self, field: &Field, text: &str) {
        if field.name() == "summary" {
            text.clone_into(&mut self.summary);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}
