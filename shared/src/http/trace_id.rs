//! The trace that a request belongs to.

use axum::http::{HeaderMap, HeaderName};

/// The load balancer's trace id:
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-request-tracing.html>
pub(crate) const X_AMZN_TRACE_ID: HeaderName = HeaderName::from_static("x-amzn-trace-id");

/// The caller's trace id: <https://www.w3.org/TR/trace-context/#traceparent-header>
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The ids that link log lines to AWS and to the caller's trace. Everything else in these headers is unverified client
/// input and is not logged.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TraceIds<'a> {
    /// AWS's trace id (`1-67891233-abcdef012345678912345678`), or the caller's if there is none.
    pub trace_id: Option<&'a str>,
    /// The caller's trace id (32 hexadecimal digits), if AWS has its own.
    pub caller_trace_id: Option<&'a str>,
}

impl<'a> TraceIds<'a> {
    pub(super) fn of(headers: &'a HeaderMap) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let aws = text(X_AMZN_TRACE_ID).and_then(root);
        let caller = text(TRACEPARENT).and_then(trace_id);
        match aws {
            Some(_) => Self { trace_id: aws, caller_trace_id: caller },
            None => Self { trace_id: caller, caller_trace_id: None },
        }
    }
}

/// Returns the `Root` of `Self=…;Root=1-<8 digits>-<24 digits>;…`.
fn root(header: &str) -> Option<&str> {
    let root = header.split(';').find_map(|part| part.trim().strip_prefix("Root="))?;
    has_digits(root.strip_prefix("1-")?, &[8, 24]).then_some(root)
}

/// Returns the second part of `<2 digits>-<32 digits>-<16 digits>-<2 digits>`. A later version may have more parts.
fn trace_id(header: &str) -> Option<&str> {
    let id = header.split('-').nth(1)?;
    has_digits(header.get(..55)?, &[2, 32, 16, 2]).then_some(id)
}

/// Returns whether `text` consists of lower-case hexadecimal numbers of these lengths, separated by dashes.
fn has_digits(text: &str, lengths: &[usize]) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
    let parts: Vec<_> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq(lengths.iter().copied())
        && parts.iter().all(|part| part.as_bytes().iter().all(is_digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALLER: &str = "0af7651916cd43dd8448eb211c80319c";

    fn ids(headers: &[(&'static str, &str)]) -> (Option<String>, Option<String>) {
        let headers = headers.iter().map(|&(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        let headers: HeaderMap = headers.collect();
        let TraceIds { trace_id, caller_trace_id } = TraceIds::of(&headers);
        (trace_id.map(str::to_owned), caller_trace_id.map(str::to_owned))
    }

    #[test]
    fn prefers_the_trace_id_of_aws_to_the_callers() {
        let aws = (
            "x-amzn-trace-id",
            "Self=1-67891234-12456789abcdef012345678f;Root=1-67891233-abcdef012345678912345678;Sampled=1",
        );
        let caller = ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");

        assert_eq!(ids(&[aws]), (Some("1-67891233-abcdef012345678912345678".to_owned()), None));
        assert_eq!(ids(&[caller]), (Some(CALLER.to_owned()), None));
        assert_eq!(ids(&[aws, caller]).1.as_deref(), Some(CALLER));
    }

    #[test]
    fn ignores_invalid_trace_ids() {
        for value in [
            "",
            "ines@clinic.example",
            "Root=secret",
            "Root=1-67891233-secret",
            "Root=1-6789123A-abcdef012345678912345678",
            "00-secret-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319z-b7ad6b7169203331-01",
        ] {
            assert_eq!(ids(&[("x-amzn-trace-id", value), ("traceparent", value)]), (None, None), "{value}");
        }
    }
}
