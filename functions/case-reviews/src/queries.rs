//! The statement that case reviews and the check of paths share.

use shared::auth::Participant;
use shared::db::Database;
use sqlx::PgExecutor;
use sqlx::types::Json;

use crate::case::{Case, Measurement, Observation, Vocabulary};
use crate::exposure::LastExposure;

/// A case with its assignment and account.
#[derive(Debug)]
pub struct Row {
    /// The id of the active account.
    pub account_id: Option<i32>,
    /// Whether the assignment belongs to this account.
    pub is_assigned: bool,
    /// JSON text.
    pub path_config: Option<String>,
    /// JSON text.
    pub page_config: Option<String>,
    shown_id: Option<i64>,
    shown_sha256: Option<Vec<u8>>,
    shown_is_stale: Option<bool>,
    visit_occurrence_id: Option<i32>,
    person_source_value: Option<String>,
    age: Option<String>,
    gender_concept_id: Option<i32>,
    observations: Option<Json<Vec<Observation>>>,
    measurements: Option<Json<Vec<Measurement>>>,
    relationships: Option<Json<Vec<(i32, i32)>>>,
    vocabulary: Option<Json<Vocabulary>>,
}

/// Reads the assignment `case_config_id` and the data of its visit in one round trip. Without an active account there
/// is no assignment.
pub async fn assigned(db: &Database, participant: &Participant, case_config_id: &str) -> Result<Row, sqlx::Error> {
    let rows = rows(db, Some(participant), Some(case_config_id), &[]).await?;
    rows.into_iter().next().ok_or(sqlx::Error::RowNotFound)
}

/// Reads a row for each of these visits that exists, or one row without a case if none exists.
pub async fn of_visits(db: impl PgExecutor<'_>, visits: &[i32]) -> Result<Vec<Row>, sqlx::Error> {
    rows(db, None, None, visits).await
}

async fn rows(
    db: impl PgExecutor<'_>,
    participant: Option<&Participant>,
    case_config_id: Option<&str>,
    visits: &[i32],
) -> Result<Vec<Row>, sqlx::Error> {
    let (email, logged_in_at) =
        participant.map(|participant| (participant.email(), participant.logged_in_at())).unzip();
    sqlx::query_file_as!(Row, "src/cases.sql", email, case_config_id, visits, logged_in_at).fetch_all(db).await
}

impl Row {
    /// Takes the previous exposure, if there is one.
    pub(crate) fn take_last_exposure(&mut self) -> Option<LastExposure> {
        Some(LastExposure {
            id: self.shown_id.take()?,
            sha256: self.shown_sha256.take()?,
            is_stale: self.shown_is_stale.take()?,
        })
    }

    /// Returns the case; `None` if the assignment has no case or its visit does not exist.
    pub fn into_case(self) -> Option<Case> {
        Some(Case {
            visit_occurrence_id: self.visit_occurrence_id?,
            person_source_value: self.person_source_value,
            age: self.age,
            gender_concept_id: self.gender_concept_id?,
            observations: or_empty(self.observations),
            measurements: or_empty(self.measurements),
            relationships: or_empty(self.relationships),
            vocabulary: or_empty(self.vocabulary),
        })
    }
}

/// Returns the aggregated rows. For no rows, PostgreSQL's aggregate is null.
fn or_empty<T: Default>(aggregated: Option<Json<T>>) -> T {
    aggregated.map(|Json(rows)| rows).unwrap_or_default()
}
