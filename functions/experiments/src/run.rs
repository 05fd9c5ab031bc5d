//! Runs of an experiment's policy. A run turns answers into assignments.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::value::RawValue;
use shared::db::Database;
use shared::time::StoredTime;
use sqlx::types::Json as Jsonb;
use utoipa::ToSchema;

use crate::time;

/// A row of `rl_run`.
#[derive(Serialize, ToSchema)]
pub(crate) struct Run {
    pub id: i32,
    pub experiment_id: String,
    pub model_version: Option<String>,
    pub status: String,
    pub triggered_by: Option<String>,
    pub configs_generated: Option<i32>,
    pub answers_consumed: Option<i32>,
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(serialize_with = "time::serialize_optional")]
    pub started_at: Option<StoredTime>,
    #[schema(value_type = Option<String>, format = DateTime)]
    #[serde(serialize_with = "time::serialize_optional")]
    pub completed_at: Option<StoredTime>,
    #[schema(value_type = Value)]
    pub run_params: Option<Jsonb<Box<RawValue>>>,
}

impl Run {
    pub(crate) fn id(&self) -> i32 {
        self.id
    }
}

/// Returns the path of the list of an experiment's runs.
pub(crate) fn path(experiment_id: &str) -> String {
    format!("/api/v1/experiments/{}/runs", utf8_percent_encode(experiment_id, NON_ALPHANUMERIC))
}

/// Reads the runs after the one with the id `after`, newest first: at most `most`, or all without a limit.
pub(crate) async fn of(
    db: &Database,
    experiment_id: &str,
    after: Option<i32>,
    most: Option<i64>,
) -> Result<Vec<Run>, sqlx::Error> {
    sqlx::query_as!(
        Run,
        r#"SELECT id, experiment_id, model_version, status, triggered_by, configs_generated, answers_consumed,
                  started_at AS "started_at: StoredTime", completed_at AS "completed_at: StoredTime",
                  run_params AS "run_params: Jsonb<Box<RawValue>>"
           FROM rl_run WHERE experiment_id = $1 AND ($2::int IS NULL OR id < $2) ORDER BY id DESC LIMIT $3"#,
        experiment_id,
        after,
        most
    )
    .fetch_all(db)
    .await
}
