//! An event as a request, whichever front door it came through.
//!
//! Events are read here and not by `lambda_http` 1.3, which is right about ordinary ones (a test compares the two) and panics on others; decisions 1
//! and 103 say which.

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

/// Which service sent an event. It decides how an answer is written, and how large one may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// An Application Load Balancer; the target group has multi-value headers on or off.
    LoadBalancer { is_multi_value: bool },
    /// API Gateway with payload format 1.0: a REST API, or an HTTP API that is set up so.
    RestApi,
    /// Payload format 2.0: a function URL, or an HTTP API of API Gateway. `cargo lambda watch` sends these.
    HttpApi,
    /// VPC Lattice.
    Lattice,
}

impl Source {
    /// The largest answer that it takes from a function, as JSON, in bytes. A load balancer turns a larger one into a 502
    /// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html>); Lambda itself takes 6 MB
    /// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
    pub(super) fn most_answer_bytes(self) -> usize {
        match self {
            Self::LoadBalancer { .. } => 1_000_000,
            Self::RestApi | Self::HttpApi | Self::Lattice => 6_000_000,
        }
    }
}

/// What of an event is no HTTP; the caller gets to read it.
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

/// An event that was recognised.
pub(super) struct Event {
    pub(super) source: Source,
    received: Result<Received, EventError>,
}

impl Event {
    /// Finds out what sent the event. The load balancer comes first, because it sends most of them.
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

    /// Returns the request that this event stands for. Its path and query are as the client sent them.
    pub(super) fn into_request(self, request_id: &str) -> Result<Request<Body>, EventError> {
        self.received?.into_request(request_id, self.source)
    }
}

/// Returns an event that is not UTF-8 as JSON that can be parsed, with a member that says so; `None` for every other event.
pub(super) fn marked_if_not_utf_8(event: &[u8]) -> Option<String> {
    str::from_utf8(event).err()?;
    Some(String::from_utf8_lossy(event).replacen('{', r#"{"isNotUtf8":true,"#, 1))
}

#[cfg(test)]
mod tests;
