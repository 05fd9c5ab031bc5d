use axum::http::StatusCode;

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
    pub(super) fn status(self) -> StatusCode {
        if self == Self::InvalidAnalytics { StatusCode::BAD_REQUEST } else { StatusCode::INTERNAL_SERVER_ERROR }
    }
}
