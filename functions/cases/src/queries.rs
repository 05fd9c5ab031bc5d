//! The one statement behind the list of cases.

use sqlx::PgPool;
use sqlx::types::Json;

use crate::next_case::{Complaint, NextCase, patient_chief_complaint};

/// The caller's account, and the first assignment that is unanswered and has a visit.
#[derive(Debug)]
pub struct Next {
    pub account_id: Option<i32>,
    pub has_page_config: Option<bool>,
    /// Ids of unanswered assignments before it, whose case is missing.
    pub skipped: Vec<String>,
    config_id: Option<String>,
    case_id: Option<i32>,
    age: Option<String>,
    gender_concept_id: Option<i32>,
    gender: Option<String>,
    complaints: Option<Json<Vec<Complaint>>>,
}

impl Next {
    /// One round trip.
    pub async fn fetch(db: &PgPool, email: &str) -> Result<Self, sqlx::Error> {
        sqlx::query_file_as!(Self, "src/next_case.sql", email).fetch_one(db).await
    }

    /// `None` when nothing is left to answer.
    pub fn into_case(self) -> Option<NextCase> {
        let config_id = self.config_id?;
        if self.gender.is_none() {
            tracing::warn!(config_id, concept_id = self.gender_concept_id, "concept is missing");
        }
        let complaints = self.complaints.map(|Json(complaints)| complaints).unwrap_or_default();
        Some(NextCase {
            config_id,
            case_id: self.case_id?,
            patient_chief_complaint: patient_chief_complaint(&complaints),
            age: self.age?,
            gender: self.gender.unwrap_or_default(),
        })
    }
}
