//! Audit entries: the query and the CSV format.

use std::fmt::Display;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};
use serde_json::Value;
use shared::ApiError;
use shared::db::Database;
use utoipa::ToSchema;

use crate::filter::Filter;

/// A row of `audit_entry`.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub(crate) struct Entry {
    pub id: i64,
    #[schema(value_type = String, format = DateTime)]
    #[serde(serialize_with = "rfc3339")]
    created_at: DateTime<Utc>,
    /// `account`, `admin key`, `export key` or `cli` (the command line).
    actor: String,
    account_id: Option<i32>,
    action: String,
    /// The ids of what was created or changed, or the path of an export.
    resources: Vec<String>,
    /// Numbers and states.
    #[schema(value_type = Object)]
    details: Value,
    /// The request's id in the log.
    request_id: String,
}

fn rfc3339<S: Serializer>(time: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&time.to_rfc3339_opts(SecondsFormat::Micros, true))
}

/// Reads the newest entries that match. Reads one more than the limit, which shows whether there are older ones.
pub(crate) async fn newest(db: &Database, filter: &Filter) -> Result<Vec<Entry>, sqlx::Error> {
    sqlx::query_as!(
        Entry,
        "SELECT id, created_at, actor, account_id, action, resources, details, request_id FROM audit_entry
         WHERE (id < $1 OR $1 IS NULL) AND (action = $2 OR $2 IS NULL) AND (created_at >= $3 OR $3 IS NULL)
         ORDER BY id DESC LIMIT $4",
        filter.before,
        filter.action.map(shared::audit::Action::as_str),
        filter.since,
        i64::try_from(filter.limit).unwrap_or(i64::MAX).saturating_add(1)
    )
    .fetch_all(db)
    .await
}

/// Formats entries as CSV with a header; resources are separated by spaces.
pub(crate) fn as_csv(entries: &[Entry]) -> Result<Vec<u8>, ApiError> {
    let fault = |error: &dyn Display| ApiError::Fault(format!("audit trail as CSV: {error}"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    let columns = ["id", "created_at", "actor", "account_id", "action", "resources", "details", "request_id"];
    writer.write_record(columns).map_err(|error| fault(&error))?;
    for entry in entries {
        let line = [
            entry.id.to_string(),
            entry.created_at.to_rfc3339_opts(SecondsFormat::Micros, true),
            entry.actor.clone(),
            entry.account_id.map(|id| id.to_string()).unwrap_or_default(),
            entry.action.clone(),
            entry.resources.join(" "),
            entry.details.to_string(),
            entry.request_id.clone(),
        ];
        writer.write_record(line).map_err(|error| fault(&error))?;
    }
    writer.into_inner().map_err(|error| fault(&error))
}
