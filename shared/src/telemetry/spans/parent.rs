//! The caller's span, from the headers of a request.

use axum::http::HeaderMap;
use opentelemetry::Context;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
use opentelemetry_http::HeaderExtractor;
use opentelemetry_sdk::propagation::TraceContextPropagator;

use crate::http::X_AMZN_TRACE_ID;

/// Returns the span named by `traceparent` (<https://www.w3.org/TR/trace-context/>) or `x-amzn-trace-id`.
pub(super) fn of(headers: &HeaderMap) -> Option<Context> {
    let w3c = TraceContextPropagator::new().extract_with_context(&Context::new(), &HeaderExtractor(headers));
    if w3c.has_active_span() {
        return Some(w3c);
    }
    let parent = headers.get(X_AMZN_TRACE_ID).and_then(|value| xray(value.to_str().ok()?))?;
    Some(Context::new().with_remote_span_context(parent))
}

/// Reads `Root=1-<8 digits>-<24 digits>;Parent=<16 digits>;Sampled=1`
/// (<https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader>).
fn xray(header: &str) -> Option<SpanContext> {
    let part = |name: &str| header.split(';').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
    let trace = part("Root")?.strip_prefix("1-")?.replace('-', "");
    context(&trace, part("Parent")?, part("Sampled") == Some("1"))
}

fn context(trace: &str, span: &str, is_sampled: bool) -> Option<SpanContext> {
    let (trace, span) = (TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?);
    let flags = if is_sampled { TraceFlags::SAMPLED } else { TraceFlags::default() };
    let context = SpanContext::new(trace, span, flags, true, TraceState::default());
    context.is_valid().then_some(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    use axum::http::{HeaderName, HeaderValue};

    /// Returns the ids of the span that this header names, and whether it is sampled.
    fn ids(name: &'static str, header: &str) -> Option<(String, String, bool)> {
        let header = HeaderValue::from_bytes(header.as_bytes()).unwrap();
        let context = of(&HeaderMap::from_iter([(HeaderName::from_static(name), header)]))?;
        let span = context.span().span_context().clone();
        Some((span.trace_id().to_string(), span.span_id().to_string(), span.is_sampled()))
    }

    #[test]
    fn reads_both_headers() {
        let of_w3c = ids("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        let of_xray =
            ids("x-amzn-trace-id", "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=0");

        let expected = |trace: &str, span: &str, is_sampled| Some((trace.to_owned(), span.to_owned(), is_sampled));
        assert_eq!(of_w3c, expected("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", true));
        assert_eq!(of_xray, expected("67891233abcdef012345678912345678", "53995c3f42cd8ad8", false));
    }

    #[test]
    fn ignores_invalid_headers() {
        for header in ["", "00-0-0-01", "00-00000000000000000000000000000000-b7ad6b7169203331-01", "00-ö-ö-01"] {
            assert_eq!(ids("traceparent", header), None, "{header}");
        }
        // the load balancer sends no parent if nothing is traced
        assert_eq!(ids("x-amzn-trace-id", "Root=1-67891233-abcdef012345678912345678"), None);
    }
}
