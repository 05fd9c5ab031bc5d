//! API errors, and the one place that turns them into answers.

use std::error::Error as _;
use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::db::explanation;
use crate::mail::MailError;

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
    /// The request exceeded its deadline, or too many requests are in progress.
    #[error("overloaded: {0}")]
    Overloaded(&'static str),
    /// Any other fault of the service; the text is for the log only.
    #[error("{0}")]
    Fault(String),
}

/// The business errors of contract section 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "contract section 1 says when each is returned; the message documents it")]
pub enum Business {
    WeakPassword,
    NotInvited,
    AlreadySignedUp,
    NotSignedUp,
    WrongPassword,
    ConfigFileIncorrect,
    InvalidFileExtension,
    NoFilePart,
    NoFileSelected,
    NoAccessToReviewCase,
    InvalidUserEmail,
    InvalidCaseId,
    InvalidAnswerConfig,
    NoAnswerConfig,
    InvalidResetToken,
    ExpiredResetToken,
    InvalidAnalytics,
    MailNotSent,
    TooManyFailedLogins,
    SignupNeedsLink,
}

impl Business {
    /// All business errors, ordered by code.
    pub const ALL: [Self; 20] = [
        Self::WeakPassword,
        Self::NotInvited,
        Self::AlreadySignedUp,
        Self::NotSignedUp,
        Self::WrongPassword,
        Self::ConfigFileIncorrect,
        Self::InvalidFileExtension,
        Self::NoFilePart,
        Self::NoFileSelected,
        Self::NoAccessToReviewCase,
        Self::InvalidUserEmail,
        Self::InvalidCaseId,
        Self::InvalidAnswerConfig,
        Self::NoAnswerConfig,
        Self::InvalidResetToken,
        Self::ExpiredResetToken,
        Self::InvalidAnalytics,
        Self::MailNotSent,
        Self::TooManyFailedLogins,
        Self::SignupNeedsLink,
    ];

    /// Returns the code that clients read, as text.
    pub fn code(self) -> &'static str {
        match self {
            Self::WeakPassword => "1001",
            Self::NotInvited => "1002",
            Self::AlreadySignedUp => "1003",
            Self::NotSignedUp => "1004",
            Self::WrongPassword => "1005",
            Self::ConfigFileIncorrect => "1006",
            Self::InvalidFileExtension => "1007",
            Self::NoFilePart => "1008",
            Self::NoFileSelected => "1009",
            Self::NoAccessToReviewCase => "1010",
            Self::InvalidUserEmail => "1011",
            Self::InvalidCaseId => "1012",
            Self::InvalidAnswerConfig => "1020",
            Self::NoAnswerConfig => "1021",
            Self::InvalidResetToken => "1022",
            Self::ExpiredResetToken => "1023",
            Self::InvalidAnalytics => "1030",
            Self::MailNotSent => "1040",
            Self::TooManyFailedLogins => "1050",
            Self::SignupNeedsLink => "1051",
        }
    }

    /// Returns the text that the frontend shows.
    pub fn message(self) -> &'static str {
        match self {
            Self::WeakPassword => {
                "Passwords must have at least 8 characters and contain at least a letter, a number and a symbol. Please try again."
            }
            Self::NotInvited => {
                "It seems that you are not invited to the user group. Please contact dhep.lab@gmail.com"
            }
            Self::AlreadySignedUp => "Email is already sign up, please log in.",
            Self::NotSignedUp => "Email hasn't sign up, please sign up.",
            Self::WrongPassword => "Incorrect password. Please try again.",
            Self::ConfigFileIncorrect => "Error while processing csv file, please check again.",
            Self::InvalidFileExtension => "Invalid file extension. Only .csv are allowed.",
            Self::NoFilePart => "No file part in the request.",
            Self::NoFileSelected => "No file selected.",
            Self::NoAccessToReviewCase => "No access to review case.",
            Self::InvalidUserEmail => "Invalid user email in config file.",
            Self::InvalidCaseId => "Invalid case id in config file.",
            Self::InvalidAnswerConfig => "Invalid answer config.",
            Self::NoAnswerConfig => "No answer config available. Please configure it first.",
            Self::InvalidResetToken => {
                "Failed to reset password due to invalid token. Please resend reset password request."
            }
            Self::ExpiredResetToken => {
                "Failed to reset password due to expired token. Please resend reset password request."
            }
            Self::InvalidAnalytics => "Template render error.",
            Self::MailNotSent => {
                "Email failed to send. Please try again. If the problem persists, contact dhep.lab@gmail.com for support."
            }
            Self::TooManyFailedLogins => {
                "Too many failed logins. Please try again in 15 minutes, or reset your password."
            }
            Self::SignupNeedsLink => {
                "To sign up, please open the link in the mail that invited you, and choose your password there. If the mail is lost or older than a week, ask the person who invited you to send it again."
            }
        }
    }

    /// Returns 500, because the frontend shows messages only for 500; timings are sent by code, not by a person, and
    /// get 400.
    fn status(self) -> StatusCode {
        if self == Self::InvalidAnalytics { StatusCode::BAD_REQUEST } else { StatusCode::INTERNAL_SERVER_ERROR }
    }

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
            Self::Overloaded(_) => StatusCode::SERVICE_UNAVAILABLE,
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

/// SQLSTATE classes whose errors a retry may resolve (PostgreSQL appendix A): connection, serialization and deadlock,
/// resources, object not in the required state (no connections accepted, a lock), operator intervention (shutdown,
/// timeout), system (disk); and 25P03, idle in a transaction for too long.
const TRANSIENT_CLASSES: [&str; 7] = ["08", "25P03", "40", "53", "55", "57", "58"];

/// Returns whether a retry may succeed: the database is unreachable, has no connection left, or aborted this
/// transaction in favour of another one.
fn is_unavailable(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => {
            error.code().is_some_and(|code| TRANSIENT_CLASSES.iter().any(|class| code.starts_with(class)))
        }
        _ => false,
    }
}

/// Returns whether PostgreSQL refused a value that passed our checks: SQLSTATE class 22, "data exception" (appendix A).
fn is_unstorable(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| code.starts_with("22"))
}

/// Describes `error` for the log. PostgreSQL's own messages can quote values (an answer, an address), so only names are
/// kept.
fn describe(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(database) => {
            let postgres = database.try_downcast_ref::<sqlx::postgres::PgDatabaseError>();
            let table = postgres.and_then(sqlx::postgres::PgDatabaseError::table).unwrap_or("-");
            let explanation = explanation(error).map(|text| format!(": {text}")).unwrap_or_default();
            format!(
                "SQLSTATE {} table {table} constraint {}{explanation}",
                database.code().unwrap_or_default(),
                database.constraint().unwrap_or("-")
            )
        }
        sqlx::Error::ColumnDecode { index, .. } => format!("column {index} could not be decoded"),
        other => other.source().map_or_else(|| other.to_string(), |source| format!("{other}: {source}")),
    }
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

        assert!(!error.body().contains("fire"));
    }

    #[test]
    fn an_unavailable_database_is_a_503_with_retry_after() {
        let response = ApiError::from(sqlx::Error::PoolTimedOut).into_response();

        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(response.headers().contains_key(header::RETRY_AFTER));
    }
}
