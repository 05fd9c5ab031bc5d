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

#[cfg(test)]
mod tests {
    use super::super::layer;
    use super::*;

    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use opentelemetry::trace::TracerProvider as _;
    use opentelemetry_sdk::error::OTelSdkResult;
    use opentelemetry_sdk::trace::{SdkTracerProvider, Span, SpanData, SpanProcessor};
    use tracing_subscriber::Registry;
    use tracing_subscriber::layer::SubscriberExt as _;

    /// Keeps the spans that have ended.
    #[derive(Clone, Debug, Default)]
    struct Ended(Arc<Mutex<Vec<SpanData>>>);

    impl SpanProcessor for Ended {
        fn on_start(&self, _: &mut Span, _: &opentelemetry::Context) {}

        fn on_end(&self, span: SpanData) {
            self.0.lock().unwrap().push(span);
        }

        fn force_flush(&self) -> OTelSdkResult {
            Ok(())
        }

        fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
            Ok(())
        }
    }

    /// Returns the spans of a request in which `work` runs: its statements, then itself.
    fn spans_of(work: impl FnOnce()) -> Vec<SpanData> {
        let ended = Ended::default();
        let tracer = SdkTracerProvider::builder().with_span_processor(ended.clone()).build().tracer("test");
        let subscriber = Registry::default().with(layer(tracer.clone())).with(StatementSpans::new(tracer));
        tracing::subscriber::with_default(subscriber, || tracing::info_span!("request").in_scope(work));
        ended.0.lock().unwrap().clone()
    }

    #[test]
    fn a_statement_is_a_span_with_its_first_words_and_its_duration() {
        let spans = spans_of(|| {
            let statement = "SELECT 1, 'a name'";
            tracing::info!(target: TARGET, summary = "SELECT 1 …", db.statement = statement, elapsed_secs = 0.25);
        });

        let [statement, request] = &*spans else { panic!("{spans:?}") };
        assert_eq!(statement.parent_span_id, request.span_context.span_id());
        assert_eq!(statement.end_time.duration_since(statement.start_time).unwrap(), Duration::from_millis(250));
        let summary = KeyValue::new("db.query.summary", "SELECT 1 …");
        assert!(statement.attributes.contains(&summary), "{:?}", statement.attributes);
        assert!(!format!("{statement:?}").contains("a name"), "values of a statement are secret");
    }

    #[test]
    fn other_events_are_no_spans() {
        assert_eq!(spans_of(|| tracing::info!("answered")).len(), 1, "the request alone");
    }
}
