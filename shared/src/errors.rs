//! What goes wrong, and the one place that turns it into an answer.

use std::error::Error as _;
use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::db::explanation;
use crate::mail::MailError;

/// Every way in which a handler refuses or fails.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// An error that the person in front of the page is told about (contract section 1).
    #[error("business error {}", .0.code())]
    Business(Business, Option<String>),
    /// A business error about a file or a questionnaire, for callers that are no browser (`/admin/*`): 400, because they
    /// read any status, and the place in a field of its own, because they compare the message to the letter.
    #[error("business error {}", .error.code())]
    BusinessAt {
        /// Which one.
        error: Business,
        /// What stands behind its message.
        detail: Option<&'static str>,
        /// Where in the file or questionnaire, and what is wrong there.
        place: String,
    },
    /// A business error that passes by itself.
    #[error("business error {}", .error.code())]
    BusinessFor {
        /// Which one.
        error: Business,
        /// How long it lasts: `Retry-After`.
        seconds: u32,
    },
    /// The request is at fault.
    #[error("{0}: {1}")]
    Request(StatusCode, String),
    /// The token is missing, malformed, expired or of nobody: `{"msg": …}` with 401 (contract section 2).
    #[error("token: {0}")]
    Token(&'static str),
    /// The database refused, or is away.
    #[error("database: {}", describe(.0))]
    Database(#[from] sqlx::Error),
    /// Mail did not leave.
    #[error("mail: {0}")]
    Mail(#[from] MailError),
    /// No time or no room left for this request.
    #[error("overloaded: {0}")]
    Overloaded(&'static str),
    /// Anything else that is our fault; the text is for the log.
    #[error("{0}")]
    Fault(String),
}

/// The business errors of contract section 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the table of contract section 1 says when each is answered; its message says what it is"
)]
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
    /// In order of their codes.
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

    /// The code clients read, as text.
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

    /// The text the frontend shows.
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

    /// 500, which the frontend needs to show the message; timings are sent by no person and get 400.
    fn status(self) -> StatusCode {
        if self == Self::InvalidAnalytics { StatusCode::BAD_REQUEST } else { StatusCode::INTERNAL_SERVER_ERROR }
    }

    /// This error with ` Error:<detail>` behind its message.
    pub fn with_detail(self, detail: impl Into<String>) -> ApiError {
        ApiError::Business(self, Some(detail.into()))
    }
}

impl From<Business> for ApiError {
    fn from(error: Business) -> Self {
        Self::Business(error, None)
    }
}

/// 400; `message` names the field.
pub fn bad_request(message: impl Into<String>) -> ApiError {
    ApiError::Request(StatusCode::BAD_REQUEST, message.into())
}

/// 401 in the envelope, for callers with an API key.
pub fn unauthorized(message: impl Into<String>) -> ApiError {
    ApiError::Request(StatusCode::UNAUTHORIZED, message.into())
}

/// 403: known, but not allowed.
pub fn forbidden(message: impl Into<String>) -> ApiError {
    ApiError::Request(StatusCode::FORBIDDEN, message.into())
}

/// 404.
pub fn not_found(message: impl Into<String>) -> ApiError {
    ApiError::Request(StatusCode::NOT_FOUND, message.into())
}

/// 409: it contradicts what is stored.
pub fn conflict(message: impl Into<String>) -> ApiError {
    ApiError::Request(StatusCode::CONFLICT, message.into())
}

const FAULT: &str = "The service failed to answer this request. Please try again.";
const UNAVAILABLE: &str = "The service is busy at the moment. Please try again.";

const UNSTORABLE: &str = "The request has a text, a number or a time that cannot be stored.";

impl ApiError {
    /// Whether PostgreSQL has no connection left (SQLSTATE 53300). That is overload, and no fault of the service.
    pub(crate) fn is_out_of_connections(&self) -> bool {
        let Self::Database(error) = self else { return false };
        error.as_database_error().is_some_and(|error| error.code().as_deref() == Some("53300"))
    }

    /// Whether PostgreSQL refused a value of the request, which is no fault of the service.
    pub(crate) fn is_unstorable_value(&self) -> bool {
        matches!(self, Self::Database(error) if is_unstorable(error))
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Business(error, _) | Self::BusinessFor { error, .. } => error.status(),
            Self::BusinessAt { .. } => StatusCode::BAD_REQUEST,
            Self::Request(status, _) => *status,
            Self::Token(_) => StatusCode::UNAUTHORIZED,
            Self::Database(error) if is_away(error) => StatusCode::SERVICE_UNAVAILABLE,
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
        // the request's log line is written once, at the edge, and takes the cause from here
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

fn detailed(error: Business, detail: &str) -> String {
    format!("{} Error:{detail}", error.message())
}

/// `{"data": null, "error": {"code", "message"}}`: the code is text for business errors and a number for all others.
fn envelope(code: impl Serialize, message: &str) -> String {
    to_json(&serde_json::json!({ "data": null, "error": { "code": code, "message": message } }))
}

fn to_json(value: &serde_json::Value) -> String {
    value.to_string()
}

/// Classes of SQLSTATE that may be over by the next try (PostgreSQL, appendix A): connection, rolled back for another transaction,
/// resources, object not in the state for it (a database that accepts no connections, a lock), operator (shutdown, timeout), system (disk); and
/// 25P03, idle in a transaction for too long.
const NOT_NOW: [&str; 7] = ["08", "25P03", "40", "53", "55", "57", "58"];

/// The database cannot be reached, has no connection left, or gave this transaction up for another one: worth another try, and
/// not a fault of this request.
fn is_away(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => {
            error.code().is_some_and(|code| NOT_NOW.iter().any(|class| code.starts_with(class)))
        }
        _ => false,
    }
}

/// SQLSTATE class 22, "data exception" (PostgreSQL appendix A): a value of the request that no check before found.
fn is_unstorable(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| code.starts_with("22"))
}

/// PostgreSQL's own messages can quote values (an answer, an address), so only the names in them are kept.
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
    fn a_fault_tells_nothing_internal() {
        let error = ApiError::Fault("relation \"answer\" is on fire".to_owned());

        assert!(!error.body().contains("fire"));
    }

    #[test]
    fn a_database_that_is_away_is_503_with_retry_after() {
        let response = ApiError::from(sqlx::Error::PoolTimedOut).into_response();

        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(response.headers().contains_key(header::RETRY_AFTER));
    }
}
