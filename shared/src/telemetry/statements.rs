//! Database statements and time per request.
//!
//! sqlx reports the duration of each statement as an event. This module sums them up for the request in whose span they
//! occur. The events themselves are never logged.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Span, Subscriber};
use tracing_subscriber::Registry;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

/// The target under which sqlx reports statements.
pub(super) const TARGET: &str = "sqlx::query";

/// The target of request spans.
pub(super) const REQUEST_LOG: &str = "shared::http::request_log";

/// The name of request spans ([`crate::http`]).
pub(crate) const REQUEST: &str = "request";

/// The database use of one request so far.
#[derive(Debug, Default)]
pub(crate) struct DatabaseUse {
    statements: AtomicU64,
    microseconds: AtomicU64,
}

impl DatabaseUse {
    /// Returns the number of statements within `request`, and the milliseconds that they took.
    pub(crate) fn of(request: &Span) -> (u64, f64) {
        let used = request.with_subscriber(|(id, dispatch)| {
            let span = dispatch.downcast_ref::<Registry>()?.span(id)?;
            let extensions = span.extensions();
            let used = extensions.get::<Self>()?;
            let microseconds = Duration::from_micros(used.microseconds.load(Ordering::Relaxed));
            Some((used.statements.load(Ordering::Relaxed), microseconds.as_secs_f64() * 1000.0))
        });
        used.flatten().unwrap_or_default()
    }

    fn add(&self, elapsed: Duration) {
        self.statements.fetch_add(1, Ordering::Relaxed);
        self.microseconds.fetch_add(elapsed.as_micros().try_into().unwrap_or_default(), Ordering::Relaxed);
    }
}

/// A layer that counts the statements of each request.
pub(super) struct CountStatements;

impl CountStatements {
    /// Returns the events and spans that this layer needs, whatever `RUST_LOG` says.
    pub(super) fn filter() -> Targets {
        Targets::new().with_target(TARGET, LevelFilter::INFO).with_target(REQUEST_LOG, LevelFilter::INFO)
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for CountStatements {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if attributes.metadata().name() == REQUEST
            && let Some(span) = context.span(id)
        {
            span.extensions_mut().insert(DatabaseUse::default());
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() != TARGET {
            return;
        }
        let mut elapsed = Elapsed::default();
        event.record(&mut elapsed);
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(used) = span.extensions().get::<DatabaseUse>() {
                used.add(elapsed.0);
            }
        }
    }
}

/// The field `elapsed_secs` of sqlx's event.
#[derive(Default)]
pub(super) struct Elapsed(pub(super) Duration);

impl Visit for Elapsed {
    fn record_f64(&mut self, field: &Field, seconds: f64) {
        if field.name() == "elapsed_secs" {
            self.0 = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}
