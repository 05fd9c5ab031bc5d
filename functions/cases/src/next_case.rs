//! The next case as described in the list of cases (contract, section 4).

use indexmap::IndexSet;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An entry of the answer.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub struct NextCase {
    /// The assignment's id in `GET /api/case-reviews/{case_config_id}` and `POST /api/answer/{task_id}`.
    pub config_id: String,
    /// `visit_occurrence_id`.
    pub case_id: i32,
    /// The names of the complaints, joined by `, `; empty without complaints.
    pub patient_chief_complaint: String,
    /// Year of the visit minus year of birth, as text for the frontend; empty if it is not a valid age (0 to 130).
    pub age: String,
    /// The name of a concept; empty if the concept is missing.
    pub gender: String,
}

/// An observation; its name is `None` if the concept is missing.
#[derive(Debug, Deserialize)]
pub struct Observation {
    pub observation_type_concept_id: i32,
    pub concept_id: i32,
    pub concept_name: Option<String>,
}

/// Returns the distinct names of the observations of these types, ordered by first observation.
pub fn patient_chief_complaint(observations: &[Observation], types: &[i32]) -> String {
    let complaints = observations.iter().filter(|row| types.contains(&row.observation_type_concept_id));
    let names: IndexSet<&str> = complaints.filter_map(Observation::name).collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}

impl Observation {
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

    const CHIEF: i32 = 111;

    fn complaint(concept_id: i32, name: &str) -> Observation {
        Observation { observation_type_concept_id: CHIEF, concept_id, concept_name: Some(name.to_owned()) }
    }

    #[test]
    fn lists_distinct_names_ordered_by_first_observation() {
        let rows = [complaint(2, "Fever"), complaint(1, "Cough"), complaint(2, "Fever"), complaint(3, "Cough")];

        assert_eq!(patient_chief_complaint(&rows, &[CHIEF]), "Fever, Cough");
    }

    #[test]
    fn ignores_observations_of_other_types() {
        let rows = [complaint(2, "Fever"), Observation { observation_type_concept_id: 5, ..complaint(1, "Cough") }];

        assert_eq!(patient_chief_complaint(&rows, &[CHIEF]), "Fever");
    }

    #[test]
    fn omits_a_complaint_whose_concept_is_missing() {
        let rows = [Observation { concept_name: None, ..complaint(9, "") }, complaint(1, "Cough")];

        assert_eq!(patient_chief_complaint(&rows, &[CHIEF]), "Cough");
    }

    #[test]
    fn is_empty_without_complaints() {
        assert_eq!(patient_chief_complaint(&[], &[CHIEF]), "");
    }
}
