//! The upload form: multipart, with a file `file` and optional texts `experiment_id`, `arm` and `policy_id`. The first
//! of several equal names counts.

use std::path::Path;

use axum::body::Bytes;
use axum::extract::Multipart;
use axum::extract::multipart::{Field, MultipartRejection};
use shared::ApiError;
use shared::errors::bad_request;
use utoipa::ToSchema;

use crate::config_file::{ConfigFile, Labels, MAX_LABEL_CHARACTERS};
use crate::upload_error::UploadError;

/// The upload form.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only the derived schema is used")]
pub(crate) struct UploadForm {
    /// CSV with the columns `User, Case No., Path, Collapse, Highlight, Top`, and optionally `Experiment, Arm, Policy, Probability`.
    #[schema(content_media_type = "text/csv")]
    file: String,
    #[schema(max_length = 100)]
    experiment_id: Option<String>,
    #[schema(max_length = 100)]
    arm: Option<String>,
    #[schema(max_length = 100)]
    policy_id: Option<String>,
}

/// Reads the form and its file. A text of the form takes precedence over the file's column.
pub(crate) async fn read(form: Result<Multipart, MultipartRejection>) -> Result<ConfigFile, UploadError> {
    let mut form = form?;
    let mut file = None;
    let mut labels = Labels::default();
    while let Some(field) = form.next_field().await? {
        match field.name() {
            Some("file") if file.is_none() => file = file_of(field).await?,
            Some("experiment_id") => take("experiment_id", field, &mut labels.experiment_id).await?,
            Some("arm") => take("arm", field, &mut labels.arm).await?,
            Some("policy_id") => take("policy_id", field, &mut labels.policy_id).await?,
            _ => {}
        }
    }
    let mut file = parse(file.ok_or(UploadError::NoFilePart)?).await?;
    for assignment in &mut file.assignments {
        assignment.labels = labels.or(&assignment.labels);
    }
    Ok(file)
}

/// Returns the file of a field, or `None` for a field without a file name.
async fn file_of(field: Field<'_>) -> Result<Option<Bytes>, UploadError> {
    match field.file_name() {
        None => return Ok(None),
        Some("") => return Err(UploadError::NoFileSelected),
        Some(name) => {
            let is_csv = Path::new(name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv"));
            if !is_csv {
                return Err(UploadError::InvalidFileExtension);
            }
        }
    }
    Ok(Some(field.bytes().await?))
}

async fn take(name: &'static str, field: Field<'_>, label: &mut Option<String>) -> Result<(), UploadError> {
    let text = field.text().await?;
    let text = text.trim();
    if text.contains('\0') {
        return Err(UploadError::Other(bad_request(format!("{name}: the NUL character is not allowed"))));
    }
    if text.chars().count() > MAX_LABEL_CHARACTERS {
        return Err(UploadError::LongLabel(name));
    }
    if label.is_none() && !text.is_empty() {
        *label = Some(text.to_owned());
    }
    Ok(())
}

/// Parses on a blocking thread, because 100,000 rows take a few hundred milliseconds.
async fn parse(file: Bytes) -> Result<ConfigFile, UploadError> {
    let parsed = tokio::task::spawn_blocking(move || ConfigFile::parse(&file)).await;
    let parsed = parsed.map_err(|error| UploadError::Other(ApiError::Fault(format!("config file: {error}"))))?;
    Ok(parsed?)
}
