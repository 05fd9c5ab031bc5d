//! Experiments, as the API returns them.

use serde::Serialize;
use serde_json::value::RawValue;
use shared::ApiError;
use shared::errors::not_found;
use shared::time::StoredTime;
use sqlx::types::Json as Jsonb;
use utoipa::ToSchema;

use crate::time;

/// A row of `experiment`.
#[derive(Serialize, ToSchema)]
pub(crate) struct Experiment {
    pub id: i32,
    pub experiment_id: String,
    pub name: String,
    pub description: Option<String>,
    pub status: String,
    #[schema(value_type = serde_json::Value)]
    pub arms: Jsonb<Box<RawValue>>,
    #[schema(value_type = serde_json::Value)]
    pub case_pool: Option<Jsonb<Box<RawValue>>>,
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    #[serde(serialize_with = "time::serialize")]
    pub created_at: StoredTime,
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    #[serde(serialize_with = "time::serialize")]
    pub updated_at: StoredTime,
}

/// Returns the 404 for an unknown experiment.
pub(crate) fn unknown() -> ApiError {
    not_found("Experiment not found")
}
