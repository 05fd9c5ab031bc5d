//! What the list of cases says about the next one (contract, section 4).

use indexmap::IndexSet;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An entry of the answer.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub struct NextCase {
    /// What names the assignment in `GET /api/case-reviews/{case_config_id}` and `POST /api/answer/{task_id}`.
    pub config_id: String,
    /// `visit_occurrence_id`.
    pub case_id: i32,
    /// Names, joined by `, `; empty without complaints.
    pub patient_chief_complaint: String,
    /// Year of the visit minus year of birth; text, as the frontend has it.
    pub age: String,
    /// A concept's name; empty where that concept is missing.
    pub gender: String,
}

/// A chief complaint; without a name when its concept is missing.
#[derive(Debug, Deserialize)]
pub struct Complaint {
    pub concept_id: i32,
    pub concept_name: Option<String>,
}

/// The distinct names in order of the first observation.
pub fn patient_chief_complaint(complaints: &[Complaint]) -> String {
    let names: IndexSet<&str> = complaints.iter().filter_map(Complaint::name).collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}

impl Complaint {
    fn name(&self) -> Option<&str> {
        if self.concept_name.is_none() {
            tracing::warn!(concept_id = self.concept_id, "concept is missing");
        }
        self.concept_name.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(concept_id: i32, name: &str) -> Complaint {
        Complaint { concept_id, concept_name: Some(name.to_owned()) }
    }

    #[test]
    fn complaints_are_distinct_names_in_order_of_their_first_observation() {
        let rows = [complaint(2, "Fever"), complaint(1, "Cough"), complaint(2, "Fever"), complaint(3, "Cough")];

        assert_eq!(patient_chief_complaint(&rows), "Fever, Cough");
    }

    #[test]
    fn a_complaint_whose_concept_is_missing_is_left_out() {
        let rows = [Complaint { concept_id: 9, concept_name: None }, complaint(1, "Cough")];

        assert_eq!(patient_chief_complaint(&rows), "Cough");
    }

    #[test]
    fn no_complaints_are_an_empty_text() {
        assert_eq!(patient_chief_complaint(&[]), "");
    }
}
