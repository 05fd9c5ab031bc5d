//! Why an upload stores nothing, as reported to scripts and to the page.

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
    /// An error that scripts and the page get alike.
    Other(ApiError),
}

impl UploadError {
    /// Returns the error for `/admin/config/upload`, whose callers compare messages exactly and read any status. They
    /// recognize faults of the form, rather than of the file, by the status alone.
    pub(crate) fn for_scripts(self) -> ApiError {
        match self.parts() {
            Err(error) => error,
            Ok((error, Some(place))) => ApiError::BusinessAt { error, detail: None, place },
            Ok((error, None)) => bad_request(error.message()),
        }
    }

    /// Returns the error for the frontend's page, which only shows messages of business errors (contract section 8).
    pub(crate) fn for_page(self) -> ApiError {
        match self.parts() {
            Err(error) => error,
            Ok((error, Some(place))) => error.with_detail(place),
            Ok((error, None)) => error.into(),
        }
    }

    /// Returns the business error and its location.
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
    /// Returns the error for a body that is not a form.
    fn from(_: MultipartRejection) -> Self {
        Self::NoFilePart
    }
}

impl From<MultipartError> for UploadError {
    /// Returns the error for a form that ends early or is too large.
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
            // the routes read no ids from files
            StoreError::SameId | StoreError::OtherId { .. } => Self::SameId,
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
