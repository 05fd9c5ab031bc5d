//! Successful answers in the envelope of contract section 1.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::errors::ApiError;
use crate::openapi;

/// 200 with `{"data": …, "error": null}`.
#[derive(Debug)]
pub struct Data<T>(pub T);

/// 201 with `{"data": …, "error": null}`.
#[derive(Debug)]
pub struct Created<T>(pub T);

/// 200 with the value as it is, for the answers without an envelope.
#[derive(Debug)]
pub struct Bare<T>(pub T);

/// 200 with JSON that was written before, for handlers that keep what they send.
#[derive(Debug)]
pub struct Written(Vec<u8>);

/// `{"id": …}`: what was stored or sent.
#[derive(Debug, Serialize, ToSchema)]
pub struct Id<T> {
    /// The new row's key, or the mail's id.
    pub id: T,
}

/// `{"data": …, "error": null}`, which [`Data`] and [`Created`] write.
#[derive(Debug, Serialize, ToSchema)]
pub struct Envelope<T> {
    data: T,
    #[schema(required, schema_with = openapi::null)]
    error: Option<()>,
}

/// `data` in the envelope, as JSON.
pub(crate) fn envelope(data: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string(&Envelope { data, error: None })
}

impl<T: Serialize> Data<T> {
    /// Writes the answer, envelope and all.
    pub fn write(&self) -> Result<Written, ApiError> {
        write(&Envelope { data: &self.0, error: None }).map(Written)
    }
}

impl Written {
    /// Returns the bytes that are sent.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl IntoResponse for Written {
    fn into_response(self) -> Response {
        with_type(StatusCode::OK, self.0)
    }
}

impl<T: Serialize> IntoResponse for Data<T> {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &Envelope { data: self.0, error: None })
    }
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        json(StatusCode::CREATED, &Envelope { data: self.0, error: None })
    }
}

impl<T: Serialize> IntoResponse for Bare<T> {
    fn into_response(self) -> Response {
        json(StatusCode::OK, &self.0)
    }
}

fn json(status: StatusCode, body: &impl Serialize) -> Response {
    write(body).map_or_else(IntoResponse::into_response, |body| with_type(status, body))
}

fn write(body: &impl Serialize) -> Result<Vec<u8>, ApiError> {
    serde_json::to_vec(body).map_err(|error| ApiError::Fault(format!("answer could not be written as JSON: {error}")))
}

fn with_type(status: StatusCode, body: Vec<u8>) -> Response {
    (status, [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
}
