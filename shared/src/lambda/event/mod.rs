//! Turns an event of any source into a request.
//!
//! We do not parse events with `lambda_http` 1.3: it handles ordinary ones correctly (a test compares the two) but
//! panics on others; decisions 1 and 103 list them.

mod error;
mod http_api;
mod lattice;
mod proxy;
mod received;
mod source;

use axum::body::Body;
use axum::http::Request;
use serde_json::value::RawValue;

pub(super) use error::EventError;
use http_api::HttpApiEvent;
use lattice::LatticeEvent;
use proxy::ProxyEvent;
use received::Received;
pub(super) use source::Source;

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

/// Replaces invalid UTF-8 in an event, so that it can be parsed, and adds a member that marks the event. Returns `None`
/// for valid UTF-8.
pub(super) fn marked_if_not_utf_8(event: &[u8]) -> Option<String> {
    str::from_utf8(event).err()?;
    Some(String::from_utf8_lossy(event).replacen('{', r#"{"isNotUtf8":true,"#, 1))
}

#[cfg(test)]
mod tests;
