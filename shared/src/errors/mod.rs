//! API errors, and the one place that turns them into answers.

mod business;
mod database;

use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::mail::MailError;
use database::{describe, is_unavailable, is_unstorable};

pub use business::Business;

/// The ways in which a handler refuses a request or fails.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// A business error, whose message the frontend shows to the user (contract section 1).
    #[error("business error {}", .0.code())]
    Business(Business, Option<String>),
    /// A business error about a file or a questionnaire, for callers other than browsers (`/admin/*`). The status is
    /// 400, because they read any status; the location is a separate field, because they compare the message exactly.
    #[error("business error {}", .error.code())]
    BusinessAt {
        /// The error.
        error: Business,
        /// The text appended to its message.
        detail: Option<&'static str>,
        /// Where in the file or questionnaire, and what is wrong there.
        place: String,
    },
    /// A temporary business error.
    #[error("business error {}", .error.code())]
    BusinessFor {
        /// The error.
        error: Business,
        /// How long it lasts, in seconds: `Retry-After`.
        seconds: u32,
    },
    /// An invalid request.
    #[error("{0}: {1}")]
    Request(StatusCode, String),
    /// The token is missing, malformed or expired, or belongs to no active account: `{"msg": …}` with 401 (contract
    /// section 2).
    #[error("token: {0}")]
    Token(&'static str),
    /// The database refused a statement or is unavailable.
    #[error("database: {}", describe(.0))]
    Database(#[from] sqlx::Error),
    /// Mail could not be sent.
    #[error("mail: {0}")]
    Mail(#[from] MailError),
    /// The request exceeded its deadline, or lost rows that it was reading.
    #[error("overloaded: {0}")]
    Overloaded(&'static str),
    /// This process serves as many requests of this kind as it may. Anyone can cause that, so it is no fault.
    #[error("too many requests: {0}")]
    TooManyRequests(&'static str),
    /// Any other fault of the service; the text is for the log only.
    #[error("{0}")]
    Fault(String),
}

impl Business {
    /// Returns this error with ` Error:<detail>` appended to its message.
    pub fn with_detail(self, detail: impl Into<String>) -> ApiError {
        ApiError::Business(self, Some(detail.into()))
    }
}

impl From<Business> for ApiError {
    fn from(error: Business) -> Self {
        Self::Business(error, None)
    }
}

/// Returns a 400; `message` names the field.
pub fn bad_request(message: impl Into<String>) -> ApiError {
    ApiError::Request(StatusCode::BAD_REQUEST, message.into())
}

/// Returns a 401 in the envelope, for callers with an API key.
pub fn unauthorized(message: impl Into<String>) -> ApiError {
    ApiError::Request(StatusCode::UNAUTHORIZED, message.into())
}

/// Returns a 403: the caller is known but not allowed.
pub fn forbidden(message: impl Into<String>) -> ApiError {
    ApiError::Request(StatusCode::FORBIDDEN, message.into())
}

/// Returns a 404.
pub fn not_found(message: impl Into<String>) -> ApiError {
    ApiError::Request(StatusCode::NOT_FOUND, message.into())
}

/// Returns a 409: the request contradicts what is stored.
pub fn conflict(message: impl Into<String>) -> ApiError {
    ApiError::Request(StatusCode::CONFLICT, message.into())
}

const FAULT: &str = "The service failed to answer this request. Please try again.";
const UNAVAILABLE: &str = "The service is busy at the moment. Please try again.";

const UNSTORABLE: &str = "The request has a text, a number or a time that cannot be stored.";

impl ApiError {
    /// Returns whether PostgreSQL has no connection left (SQLSTATE 53300): overload, not a fault of the service.
    pub(crate) fn is_out_of_connections(&self) -> bool {
        let Self::Database(error) = self else { return false };
        error.as_database_error().is_some_and(|error| error.code().as_deref() == Some("53300"))
    }

    /// Returns whether PostgreSQL refused a value of the request, which is not a fault of the service.
    pub(crate) fn is_unstorable_value(&self) -> bool {
        matches!(self, Self::Database(error) if is_unstorable(error))
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Business(error, _) | Self::BusinessFor { error, .. } => error.status(),
            Self::BusinessAt { .. } => StatusCode::BAD_REQUEST,
            Self::Request(status, _) => *status,
            Self::Token(_) => StatusCode::UNAUTHORIZED,
            Self::Database(error) if is_unavailable(error) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Database(error) if is_unstorable(error) => StatusCode::BAD_REQUEST,
            Self::Overloaded(_) | Self::TooManyRequests(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Mail(_) | Self::Database(_) | Self::Fault(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn body(&self) -> String {
        let status = self.status();
        match self {
            Self::Token(message) => to_json(&serde_json::json!({ "msg": message })),
            Self::Business(error, None) | Self::BusinessFor { error, .. } => envelope(error.code(), error.message()),
            Self::Business(error, Some(detail)) => envelope(error.code(), &detailed(*error, detail)),
            Self::BusinessAt { error, detail, place } => {
                let message = detail.map_or_else(|| error.message().to_owned(), |detail| detailed(*error, detail));
                let error = serde_json::json!({ "code": error.code(), "message": message, "detail": place });
                to_json(&serde_json::json!({ "data": null, "error": error }))
            }
            Self::Mail(_) => envelope(Business::MailNotSent.code(), Business::MailNotSent.message()),
            Self::Request(_, message) => envelope(status.as_u16(), message),
            _ if status == StatusCode::SERVICE_UNAVAILABLE => envelope(status.as_u16(), UNAVAILABLE),
            _ if status == StatusCode::BAD_REQUEST => envelope(status.as_u16(), UNSTORABLE),
            _ => envelope(status.as_u16(), FAULT),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response =
            (self.status(), [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], self.body())
                .into_response();
        let retry_after = match &self {
            Self::BusinessFor { seconds, .. } => Some(HeaderValue::from(*seconds)),
            _ if response.status() == StatusCode::SERVICE_UNAVAILABLE => Some(HeaderValue::from_static("1")),
            _ => None,
        };
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        // the log line is written once, by the request log, which takes the cause from here
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

fn detailed(error: Business, detail: &str) -> String {
    format!("{} Error:{detail}", error.message())
}

/// Returns `{"data": null, "error": {"code", "message"}}`; the code is text for business errors and a number for all
/// others.
fn envelope(code: impl Serialize, message: &str) -> String {
    to_json(&serde_json::json!({ "data": null, "error": { "code": code, "message": message } }))
}

fn to_json(value: &serde_json::Value) -> String {
    value.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_business_error_has_a_text_code_and_500() {
        let error = ApiError::from(Business::WrongPassword);

        assert_eq!(error.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert_eq!(
            error.body(),
            r#"{"data":null,"error":{"code":"1005","message":"Incorrect password. Please try again."}}"#
        );
    }

    #[test]
    fn a_detail_follows_the_message() {
        let error = Business::InvalidAnalytics.with_detail("Missing analytics metrics fields");

        assert_eq!(error.status(), StatusCode::BAD_REQUEST);
        assert!(error.body().contains("Template render error. Error:Missing analytics metrics fields"));
    }

    #[test]
    fn a_fault_reveals_nothing_internal() {
        let error = ApiError::Fault("relation \"answer\" is on fire".to_owned());

        assert_eq!(error.body(), envelope(500, FAULT));
    }

    #[test]
    fn a_caller_whose_request_was_not_at_fault_is_told_to_try_again() {
        let error = ApiError::from(sqlx::Error::PoolTimedOut);

        assert_eq!(error.body(), envelope(503, UNAVAILABLE));
    }

    #[test]
    fn an_unavailable_database_is_a_503_with_retry_after() {
        let response = ApiError::from(sqlx::Error::PoolTimedOut).into_response();

        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(response.headers().contains_key(header::RETRY_AFTER));
    }
}
