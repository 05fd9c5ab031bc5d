//! Turns an event of any source into a request.
//!
//! We do not parse events with `lambda_http` 1.3: it handles ordinary ones correctly (a test compares the two) but
//! panics on others; decisions 1 and 103 list them.

mod http_api;
mod lattice;
mod proxy;
mod received;

use axum::body::Body;
use axum::http::Request;
use serde_json::value::RawValue;

use http_api::HttpApiEvent;
use lattice::LatticeEvent;
use proxy::ProxyEvent;
use received::Received;

/// The service that sent an event. It determines the form and the maximum size of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// An Application Load Balancer; its target group has multi-value headers enabled or disabled.
    LoadBalancer { is_multi_value: bool },
    /// API Gateway with payload format 1.0: a REST API, or an HTTP API configured for it.
    RestApi,
    /// Payload format 2.0: function URLs, HTTP APIs of API Gateway, and `cargo lambda watch`.
    HttpApi,
    /// VPC Lattice.
    Lattice,
}

impl Source {
    /// Returns the maximum size of a function's answer, as JSON, in bytes. A load balancer turns a larger one into a
    /// 502 (<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html>); Lambda itself
    /// allows 6 MB (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
    pub(super) fn max_answer_bytes(self) -> usize {
        match self {
            Self::LoadBalancer { .. } => 1_000_000,
            Self::RestApi | Self::HttpApi | Self::Lattice => 6_000_000,
        }
    }
}

/// Why an event is not an HTTP request; the text is sent to the caller.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum EventError {
    #[error("The event is not one of a load balancer, a function URL, API Gateway or VPC Lattice")]
    NotHttp,
    #[error("The request has bytes that are not UTF-8")]
    NotUtf8,
    #[error("The method is not valid")]
    Method,
    #[error("The path or the query is not valid")]
    Uri,
    #[error("A header is not valid")]
    Header,
    #[error("The body is not valid base64")]
    Body,
}

/// An event with a known source.
pub(super) struct Event {
    pub(super) source: Source,
    received: Result<Received, EventError>,
}

impl Event {
    /// Detects the source of the event. Tries the load balancer first, because it sends most events.
    pub(super) fn parse(event: &RawValue) -> Result<Self, EventError> {
        let event = event.get();
        if let Ok(event) = serde_json::from_str::<ProxyEvent>(event) {
            return Ok(Self { source: event.source(), received: event.into_received() });
        }
        if let Ok(event) = serde_json::from_str::<HttpApiEvent>(event) {
            return Ok(Self { source: Source::HttpApi, received: Ok(event.into_received()) });
        }
        let event = serde_json::from_str::<LatticeEvent>(event).map_err(|_| EventError::NotHttp)?;
        Ok(Self { source: Source::Lattice, received: Ok(event.into_received()) })
    }

    /// Returns the event's request, with path and query as the client sent them.
    pub(super) fn into_request(self, request_id: &str) -> Result<Request<Body>, EventError> {
        self.received?.into_request(request_id, self.source)
    }
}

/// Replaces invalid UTF-8 in an event, so that it can be parsed, and adds a member that records this; returns `None`
/// for valid UTF-8.
pub(super) fn marked_if_not_utf_8(event: &[u8]) -> Option<String> {
    str::from_utf8(event).err()?;
    Some(String::from_utf8_lossy(event).replacen('{', r#"{"isNotUtf8":true,"#, 1))
}

#[cfg(test)]
mod tests;
