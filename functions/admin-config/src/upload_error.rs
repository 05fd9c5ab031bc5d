//! Why an upload stores nothing, told in two ways.

use axum::extract::multipart::{MultipartError, MultipartRejection};
use shared::errors::bad_request;
use shared::{ApiError, Business};

use crate::config_file::{ConfigFileError, MAX_LABEL_CHARACTERS};
use crate::store::StoreError;

#[derive(Debug)]
pub(crate) enum UploadError {
    NoFilePart,
    NoFileSelected,
    InvalidFileExtension,
    LongLabel(&'static str),
    File(ConfigFileError),
    SameId,
    /// Anything that is told the same way to everybody.
    Other(ApiError),
}

impl UploadError {
    /// For `/admin/config/upload`, whose callers compare messages to the letter and read any status. What is wrong with the form
    /// rather than with the file they know by the status alone.
    pub(crate) fn for_scripts(self) -> ApiError {
        match self.parts() {
            Err(error) => error,
            Ok((error, Some(place))) => ApiError::BusinessAt { error, detail: None, place },
            Ok((error, None)) => bad_request(error.message()),
        }
    }

    /// For the frontend's page, which shows the message of a business error and of nothing else (contract section 8).
    pub(crate) fn for_page(self) -> ApiError {
        match self.parts() {
            Err(error) => error,
            Ok((error, Some(place))) => error.with_detail(place),
            Ok((error, None)) => error.into(),
        }
    }

    /// The business error, and where it is.
    fn parts(self) -> Result<(Business, Option<String>), ApiError> {
        Ok(match self {
            Self::NoFilePart => (Business::NoFilePart, None),
            Self::NoFileSelected => (Business::NoFileSelected, None),
            Self::InvalidFileExtension => (Business::InvalidFileExtension, None),
            Self::LongLabel(name) => (
                Business::ConfigFileIncorrect,
                Some(format!("{name} is longer than {MAX_LABEL_CHARACTERS} characters")),
            ),
            Self::File(error) => (error.problem.business(), Some(error.to_string())),
            Self::SameId => (Business::ConfigFileIncorrect, Some(StoreError::SameId.to_string())),
            Self::Other(error) => return Err(error),
        })
    }
}

impl From<MultipartRejection> for UploadError {
    /// The body is no form.
    fn from(_: MultipartRejection) -> Self {
        Self::NoFilePart
    }
}

impl From<MultipartError> for UploadError {
    /// The form ends early, or is larger than this process takes.
    fn from(error: MultipartError) -> Self {
        Self::Other(ApiError::Request(error.status(), error.body_text()))
    }
}

impl From<ConfigFileError> for UploadError {
    fn from(error: ConfigFileError) -> Self {
        Self::File(error)
    }
}

impl From<StoreError> for UploadError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::SameId => Self::SameId,
            StoreError::Database(error) => error.into(),
        }
    }
}

impl From<ApiError> for UploadError {
    fn from(error: ApiError) -> Self {
        Self::Other(error)
    }
}

impl From<sqlx::Error> for UploadError {
    fn from(error: sqlx::Error) -> Self {
        Self::Other(error.into())
    }
}
