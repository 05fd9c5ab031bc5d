//! The statement behind the list of cases.

use shared::auth::Participant;
use shared::db::Database;
use shared::page_config::PageConfig;
use sqlx::types::Json;

use crate::next_case::{NextCase, Observation, patient_chief_complaint};

/// The caller's account, and the first unanswered assignment whose visit exists.
#[derive(Debug)]
pub struct Next {
    pub account_id: Option<i32>,
    /// JSON text.
    pub page_config: Option<String>,
    /// Ids of earlier unanswered assignments whose case is missing.
    pub skipped: Vec<String>,
    config_id: Option<String>,
    case_id: Option<i32>,
    age: Option<String>,
    gender_concept_id: Option<i32>,
    gender: Option<String>,
    /// Observations whose types may be in the page configuration.
    observations: Option<Json<Vec<Observation>>>,
}

impl Next {
    /// Reads everything in one round trip.
    pub async fn fetch(db: &Database, participant: &Participant) -> Result<Self, sqlx::Error> {
        let (email, logged_in_at) = (participant.email(), participant.logged_in_at());
        sqlx::query_file_as!(Self, "src/next_case.sql", email, logged_in_at).fetch_one(db).await
    }

    /// Returns the case; `None` if nothing is left to answer.
    pub fn into_case(self, page_config: &PageConfig) -> Option<NextCase> {
        let (config_id, case_id) = (self.config_id?, self.case_id?);
        if self.gender.is_none() {
            tracing::warn!(config_id, concept_id = self.gender_concept_id, "concept is missing");
        }
        if self.age.is_none() {
            tracing::warn!(config_id, "the years of visit and birth give no valid age");
        }
        let observations = self.observations.map(|Json(observations)| observations).unwrap_or_default();
        Some(NextCase {
            config_id,
            case_id,
            patient_chief_complaint: patient_chief_complaint(&observations, page_config.chief_complaint_types()),
            age: self.age.unwrap_or_default(),
            gender: self.gender.unwrap_or_default(),
        })
    }

    /// Returns whether something is left to answer.
    pub fn exists(&self) -> bool {
        self.config_id.is_some()
    }
}
