//! The span of the caller, from the headers of a request.

use axum::http::HeaderMap;
use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};

/// Returns the span that `traceparent` or `x-amzn-trace-id` names.
pub(super) fn of(headers: &HeaderMap) -> Option<Context> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let parent = text("traceparent").and_then(w3c).or_else(|| text("x-amzn-trace-id").and_then(xray))?;
    Some(Context::new().with_remote_span_context(parent))
}

/// Reads `00-<32 digits>-<16 digits>-<2 digits>` (<https://www.w3.org/TR/trace-context/#traceparent-header>).
fn w3c(header: &str) -> Option<SpanContext> {
    let mut parts = header.split('-').skip(1);
    let (trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?);
    let is_sampled = u8::from_str_radix(flags, 16).ok()? & 1 == 1;
    context(trace, span, is_sampled)
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

    fn ids(context: Option<SpanContext>) -> Option<(String, String, bool)> {
        context.map(|one| (one.trace_id().to_string(), one.span_id().to_string(), one.is_sampled()))
    }

    #[test]
    fn both_headers_name_a_span() {
        let of_w3c = ids(w3c("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
        let of_xray = ids(xray("Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=0"));

        let expected = |trace: &str, span: &str, is_sampled| Some((trace.to_owned(), span.to_owned(), is_sampled));
        assert_eq!(of_w3c, expected("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", true));
        assert_eq!(of_xray, expected("67891233abcdef012345678912345678", "53995c3f42cd8ad8", false));
    }

    #[test]
    fn what_names_none_is_ignored() {
        for header in ["", "00-0-0-01", "00-00000000000000000000000000000000-b7ad6b7169203331-01", "00-ö-ö-01"] {
            assert_eq!(ids(w3c(header)), None, "{header}");
        }
        // the load balancer sends no parent where nothing is traced
        assert_eq!(ids(xray("Root=1-67891233-abcdef012345678912345678")), None);
    }
}
