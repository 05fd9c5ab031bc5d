//! The one statement behind a case review.

use sqlx::PgPool;
use sqlx::types::Json;

use crate::case::{Case, Measurement, Observation, Vocabulary};

/// The assignment, and the data of its visit. Without an active account there is no assignment.
#[derive(Debug)]
pub struct Review {
    pub account_id: Option<i32>,
    pub is_assigned: bool,
    pub path_config: Option<String>,
    pub page_config: Option<String>,
    visit_occurrence_id: Option<i32>,
    person_source_value: Option<String>,
    age: Option<String>,
    gender_concept_id: Option<i32>,
    observations: Option<Json<Vec<Observation>>>,
    measurements: Option<Json<Vec<Measurement>>>,
    relationships: Option<Json<Vec<(i32, i32)>>>,
    vocabulary: Option<Json<Vocabulary>>,
}

impl Review {
    /// Gathers everything in one round trip.
    pub async fn fetch(db: &PgPool, email: &str, case_config_id: &str) -> Result<Self, sqlx::Error> {
        sqlx::query_file_as!(Self, "src/case_review.sql", email, case_config_id).fetch_one(db).await
    }

    /// `None` when the assignment has no case, or its visit is gone.
    pub fn into_case(self) -> Option<Case> {
        Some(Case {
            visit_occurrence_id: self.visit_occurrence_id?,
            person_source_value: self.person_source_value,
            age: self.age?,
            gender_concept_id: self.gender_concept_id?,
            observations: or_empty(self.observations),
            measurements: or_empty(self.measurements),
            relationships: or_empty(self.relationships),
            vocabulary: or_empty(self.vocabulary),
        })
    }
}

/// What PostgreSQL aggregates from no rows is null.
pub fn or_empty<T: Default>(aggregated: Option<Json<T>>) -> T {
    aggregated.map(|Json(rows)| rows).unwrap_or_default()
}
