//! An entry of a batch.

use std::fmt::Display;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;
use shared::extract::Object;
use shared::{assignment, python};
use utoipa::ToSchema;

/// An entry as sent; `null` counts as missing.
#[derive(Deserialize, ToSchema)]
pub(crate) struct Entry {
    #[schema(value_type = String, max_length = 254)]
    pub user_email: Option<Box<RawValue>>,
    #[schema(value_type = i32)]
    pub case_id: Option<Box<RawValue>>,
    #[schema(value_type = Option<Vec<PathEntry>>)]
    path_config: Option<Box<RawValue>>,
    #[schema(value_type = Option<String>, min_length = 1, max_length = 254)]
    id: Option<Box<RawValue>>,
    #[schema(value_type = Option<String>, max_length = 100)]
    experiment_id: Option<Box<RawValue>>,
    #[schema(value_type = Option<i32>)]
    rl_run_id: Option<Box<RawValue>>,
    #[schema(value_type = Option<String>, max_length = 100)]
    arm: Option<Box<RawValue>>,
    #[schema(value_type = Option<f64>, exclusive_minimum = 0, maximum = 1)]
    allocation_probability: Option<Box<RawValue>>,
}

/// A row of `display_config`.
#[derive(Debug)]
pub(crate) struct Assignment {
    pub id: String,
    pub user_email: String,
    pub case_id: i32,
    /// Formatted by [`python::json_dumps`].
    pub path_config: Option<String>,
    pub experiment_id: Option<String>,
    pub rl_run_id: Option<i32>,
    pub arm: Option<String>,
    /// Above 0 and at most 1.
    pub allocation_probability: Option<f64>,
}

/// Why an entry is not a valid assignment.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EntryError {
    #[error("user_email and case_id required")]
    Missing,
    /// Starts with the field's name.
    #[error("{0}")]
    WrongValue(String),
}

/// The length of the longest mail address. The index over `user_email` and the primary key could hold ten times as
/// much.
const MAX_TEXT_CHARACTERS: usize = 254;
/// The maximum length of `display_config.experiment_id` and `arm`.
const MAX_LABEL_CHARACTERS: usize = 100;

impl Entry {
    /// Checks the entry. An entry without an `id` gets the same id as in an upload.
    pub(crate) fn assignment(&self) -> Result<Assignment, EntryError> {
        let user_email = text("user_email", self.user_email.as_deref(), MAX_TEXT_CHARACTERS)?;
        let (Some(user_email), Some(case_id)) = (user_email.filter(|text| !text.is_empty()), &self.case_id) else {
            return Err(EntryError::Missing);
        };
        let case_id = integer("case_id", case_id)?;
        let path_config = self.path_config.as_deref().map(path_config).transpose()?;
        let id = match text("id", self.id.as_deref(), MAX_TEXT_CHARACTERS)? {
            Some(id) if id.is_empty() => return Err(wrong("id", "is empty")),
            Some(id) => id,
            None => assignment::id(&user_email, case_id, path_config.as_deref().unwrap_or("null")),
        };
        Ok(Assignment {
            id,
            user_email,
            case_id,
            path_config,
            experiment_id: text("experiment_id", self.experiment_id.as_deref(), MAX_LABEL_CHARACTERS)?,
            rl_run_id: self.rl_run_id.as_deref().map(|raw| integer("rl_run_id", raw)).transpose()?,
            arm: text("arm", self.arm.as_deref(), MAX_LABEL_CHARACTERS)?,
            allocation_probability: self.allocation_probability.as_deref().map(allocation_probability).transpose()?,
        })
    }
}

fn wrong(field: &str, reason: impl Display) -> EntryError {
    EntryError::WrongValue(format!("{field}: {reason}"))
}

fn parse<T: DeserializeOwned>(field: &str, raw: &RawValue, expected: &str) -> Result<T, EntryError> {
    serde_json::from_str(raw.get()).map_err(|_| wrong(field, format_args!("expected {expected}")))
}

fn text(field: &str, raw: Option<&RawValue>, limit: usize) -> Result<Option<String>, EntryError> {
    let text: Option<String> = raw.map(|raw| parse(field, raw, "text")).transpose()?;
    match text {
        Some(text) if text.chars().count() > limit => Err(wrong(field, format_args!("longer than {limit} characters"))),
        text => Ok(text),
    }
}

fn integer(field: &str, raw: &RawValue) -> Result<i32, EntryError> {
    parse(field, raw, "an integer of 32 bits")
}

fn allocation_probability(raw: &RawValue) -> Result<f64, EntryError> {
    let number: f64 = parse("allocation_probability", raw, assignment::ALLOCATION_PROBABILITY)?;
    if assignment::is_allocation_probability(number) {
        return Ok(number);
    }
    Err(wrong("allocation_probability", format_args!("expected {}", assignment::ALLOCATION_PROBABILITY)))
}

#[derive(Deserialize, ToSchema)]
struct PathEntry {
    #[expect(dead_code, reason = "only its presence and type are checked")]
    path: String,
    #[expect(dead_code, reason = "only its type is checked")]
    #[schema(value_type = Option<utoipa::openapi::Object>)]
    style: Option<Object<Value>>,
}

fn path_config(raw: &RawValue) -> Result<String, EntryError> {
    let expected = r#"a list of {"path": text, "style": object}"#;
    parse::<Vec<Object<PathEntry>>>("path_config", raw, expected)?;
    // other keys are stored too, so they must not contain unbounded numbers or deep nesting
    parse::<Value>("path_config", raw, "text and numbers that can be stored")?;
    Ok(python::json_dumps(raw))
}
