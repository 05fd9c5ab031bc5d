//! A span per statement. sqlx reports a statement when it has finished, with its duration.

use std::sync::OnceLock;
use std::time::SystemTime;

use opentelemetry::KeyValue;
use opentelemetry::trace::{Span as _, SpanKind, Tracer as _};
use opentelemetry_sdk::trace::SdkTracer;
use tracing::dispatcher::WeakDispatch;
use tracing::field::{Field, Visit};
use tracing::{Dispatch, Event, Subscriber};
use tracing_opentelemetry::get_otel_context;
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use crate::telemetry::statements::{Elapsed, TARGET};
use crate::time::now;

/// A layer that creates the spans.
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
        // statements outside requests, as in the rotation of secrets, belong to no trace
        let Some(request) = context.event_span(event) else { return };
        let Some(dispatch) = self.dispatch.get().and_then(WeakDispatch::upgrade) else { return };
        let Some(parent) = get_otel_context(&request.id(), &dispatch) else { return };
        let mut statement = Statement::default();
        event.record(&mut statement);
        let end = SystemTime::from(now());
        let builder = self.tracer.span_builder("statement").with_kind(SpanKind::Client);
        let builder = builder.with_start_time(end.checked_sub(statement.elapsed.0).unwrap_or(end)).with_attributes([
            KeyValue::new("db.system.name", "postgresql"),
            KeyValue::new("db.query.summary", statement.summary),
        ]);
        builder.start_with_context(&self.tracer, &parent).end_with_timestamp(end);
    }
}

/// sqlx's report of a statement: its first words, which contain no values, and its duration.
#[derive(Default)]
struct Statement {
    summary: String,
    elapsed: Elapsed,
}

impl Visit for Statement {
    fn record_f64(&mut self, field: &Field, seconds: f64) {
        self.elapsed.record_f64(field, seconds);
    }

    fn record_str(&mut self, field: &Field, text: &str) {
        if field.name() == "summary" {
            text.clone_into(&mut self.summary);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}
