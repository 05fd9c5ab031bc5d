//! Spans for an OpenTelemetry collector. If `OTEL_EXPORTER_OTLP_ENDPOINT` is set, requests, their statements, and their
//! waits for scrypt, SSM and SES are exported (OTLP over HTTP, protobuf). The SDK reads the specification's other
//! variables, such as `OTEL_SERVICE_NAME` and `OTEL_TRACES_SAMPLER`.
//!
//! A span contains only what may be logged.

mod client;
mod parent;
mod statements;

use std::sync::OnceLock;
use std::time::Duration;

use axum::http::HeaderMap;
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tokio::time::{Instant, timeout_at};
use tracing::{Span, Subscriber};
use tracing_opentelemetry::{OpenTelemetryLayer, OpenTelemetrySpanExt as _};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

use super::statements::REQUEST_LOG;
use crate::version;
use client::Client;
use statements::StatementSpans;

/// <https://opentelemetry.io/docs/specs/otel/protocol/exporter/>
const ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];

/// The target of spans around waits. They do not appear in the log, where the innermost span of a line must be the
/// request.
pub(crate) const WORK: &str = "augmed::work";

/// How long a process waits for its collector before it continues.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);

static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// Creates a span around a wait of a request. Costs nothing if spans are not exported.
macro_rules! waiting_for {
    ($name:literal) => {
        tracing::info_span!(target: $crate::telemetry::WORK, $name)
    };
}
pub(crate) use waiting_for;

/// Returns whether the environment names a collector.
pub(super) fn is_enabled() -> bool {
    ENDPOINTS.iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// Adds the export of spans to `subscriber`. Fails if the endpoint in the environment is invalid.
pub(super) fn exported<S>(subscriber: S) -> Result<impl Subscriber + Send + Sync, String>
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    let provider = provider()?;
    let tracer = provider.tracer("augmed");
    let _ = PROVIDER.set(provider);
    let requests = layer(tracer.clone())
        .with_filter(Targets::new().with_target(REQUEST_LOG, LevelFilter::INFO).with_target(WORK, LevelFilter::INFO));
    let statements = StatementSpans::new(tracer).with_filter(super::CountStatements::filter());
    Ok(subscriber.with(requests).with(statements))
}

fn layer<S>(tracer: SdkTracer) -> OpenTelemetryLayer<S, SdkTracer>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let layer = tracing_opentelemetry::layer().with_tracer(tracer);
    layer.with_location(false).with_threads(false).with_tracked_inactivity(false).with_target(false)
}

fn provider() -> Result<SdkTracerProvider, String> {
    let is_encrypted = ENDPOINTS.iter().any(|name| std::env::var(name).is_ok_and(|value| value.starts_with("https:")));
    let client = Client::new(is_encrypted).map_err(|error| error.to_string())?;
    let exporter = SpanExporter::builder().with_http().with_http_client(client).build();
    let exporter = exporter.map_err(|error| error.to_string())?;
    let mut resource = Resource::builder().with_attribute(KeyValue::new("service.version", version::text()));
    if std::env::var_os("OTEL_SERVICE_NAME").is_none() {
        let name = std::env::var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_else(|_| "augmed-server".to_owned());
        resource = resource.with_service_name(name);
    }
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource.build()).build())
}

/// Attaches `request` to its caller's trace, and names it by its route.
pub(crate) fn describe_request(request: &Span, headers: &HeaderMap, method: &str, route: &str) {
    if PROVIDER.get().is_none() {
        return;
    }
    if let Some(parent) = parent::of(headers) {
        // fails for a span that is not exported
        let _ = request.set_parent(parent);
    }
    request.record("otel.name", format!("{method} {route}"));
    request.record("otel.kind", "server");
}

/// Adds the status of the answer to the span of its request.
pub(crate) fn describe_answer(request: &Span, status: u16) {
    if PROVIDER.get().is_some() {
        request.set_attribute("http.response.status_code", i64::from(status));
    }
}

/// Sends finished spans before Lambda freezes the process. Waits at most a second, and not beyond the `deadline`,
/// because the client waits, too.
pub(crate) async fn flush(deadline: Instant) {
    let Some(provider) = PROVIDER.get() else { return };
    let flushed = tokio::task::spawn_blocking(|| provider.force_flush());
    match timeout_at(end_of_flush(Instant::now(), deadline), flushed).await {
        Ok(Ok(Ok(()))) => {}
        Ok(Ok(Err(error))) => tracing::warn!(%error, "spans were not exported"),
        Ok(Err(_)) | Err(_) => tracing::warn!("spans were not exported in time"),
    }
}

/// Returns when a flush that begins `now` stops to wait.
fn end_of_flush(now: Instant, deadline: Instant) -> Instant {
    deadline.min(now + FLUSH_TIMEOUT)
}

/// Sends the remaining spans when the process ends.
pub fn shutdown() {
    if let Some(Err(error)) = PROVIDER.get().map(|provider| provider.shutdown_with_timeout(FLUSH_TIMEOUT)) {
        tracing::warn!(%error, "spans were not exported");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_without_a_collector_exports_nothing() {
        // the environment of tests names none
        assert!(!is_enabled());
    }

    #[test]
    fn a_flush_takes_at_most_a_second_and_ends_at_the_deadline() {
        let now = Instant::now();
        let end = |until_deadline| end_of_flush(now, now + until_deadline) - now;

        assert_eq!(end(Duration::from_secs(4)), Duration::from_secs(1));
        assert_eq!(end(Duration::from_millis(200)), Duration::from_millis(200));
    }
}
