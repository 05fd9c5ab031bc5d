//! Observations of a case's visit: rows of `observation` (OMOP CDM 5.4).

use std::collections::HashMap;

use serde::Serialize;

use crate::case::{Case, Complaint};

/// Questions that every patient is asked; each answer is recorded.
const FAMILY_HISTORY: [&str; 4] =
    ["Breast or Ovarian Cancer", "Colorectal Cancer", "Colorectal Polyps", "Inflammatory Bowel Disease"];
const MEDICAL_HISTORY: [&str; 16] = [
    "Abdominal Pain",
    "Anemia",
    "Change in Bowel Habit",
    "Colorectal Polyps",
    "Constipation",
    "Depression",
    "Diarrhea",
    "Diverticular Disease",
    "Fatigue",
    "Hemorrhoids",
    "Hypertension",
    "Inflammatory Bowel Disease",
    "Irritable Bowel Syndrome",
    "Rectal Bleeding",
    "Type 2 Diabetes",
    "Weight Loss",
];

/// Prefix of the observation text that holds the AI score.
pub(crate) const SCORE: &str = "Colorectal Cancer Score";

/// A row; ids and date are those of the case.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Observation {
    observation_concept_id: i32,
    observation_type_concept_id: i32,
    pub value_as_string: Option<String>,
    value_as_number: Option<String>,
    unit_concept_id: Option<i32>,
    qualifier_concept_id: Option<i32>,
}

/// Returns `Colorectal Cancer: Yes` or `: No` for each question.
pub(crate) fn family_history(case: &Case) -> impl Iterator<Item = String> {
    yes_or_no(&FAMILY_HISTORY, &case.family_history)
}

/// Returns the same for the patient's own history.
pub(crate) fn medical_history(case: &Case) -> impl Iterator<Item = String> {
    yes_or_no(&MEDICAL_HISTORY, &case.medical_history)
}

fn yes_or_no(asked: &[&'static str], present: &[String]) -> impl Iterator<Item = String> {
    asked.iter().map(|&name| format!("{name}: {}", if present.iter().any(|one| one == name) { "Yes" } else { "No" }))
}

/// Returns all rows of a case.
pub(crate) fn of(case: &Case, concept_ids: &HashMap<&str, i32>) -> Vec<Observation> {
    let ehr = concept_ids["EHR"];
    let history = |concept: &str, text: String| Observation {
        observation_concept_id: concept_ids[concept],
        observation_type_concept_id: ehr,
        value_as_string: Some(text),
        ..Observation::default()
    };
    let complaint = |kind: &str, complaint: &Complaint| Observation {
        observation_concept_id: concept_ids[&*complaint.concept],
        observation_type_concept_id: concept_ids[kind],
        value_as_string: complaint.text.clone(),
        value_as_number: complaint.number.clone(),
        unit_concept_id: complaint.unit.as_deref().map(|name| concept_ids[name]),
        qualifier_concept_id: complaint.qualifier.as_deref().map(|name| concept_ids[name]),
    };
    let mut rows = Vec::new();
    rows.extend(family_history(case).map(|text| history("Family history of clinical finding", text)));
    rows.extend(case.smoke.iter().map(|text| history("Tobacco smoking behavior", text.clone())));
    rows.extend(case.alcohol.iter().map(|text| history("Alcohol intake", text.clone())));
    rows.extend(medical_history(case).map(|text| history("History of clinical finding in subject", text)));
    rows.extend(case.risk.iter().map(|text| history("Colorectal cancer risk", text.clone())));
    rows.extend(case.chief_complaints.iter().map(|one| complaint("Chief complaint", one)));
    rows.extend(case.patient_reported.iter().map(|one| complaint("Patient reported", one)));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::Study;

    #[test]
    fn every_condition_of_a_case_is_one_that_is_asked_for() {
        for case in Study::embedded().cases {
            let unknown =
                |asked: &[&str], present: &[String]| present.iter().find(|one| !asked.contains(&one.as_str())).cloned();
            assert_eq!(unknown(&FAMILY_HISTORY, &case.family_history), None);
            assert_eq!(unknown(&MEDICAL_HISTORY, &case.medical_history), None);
        }
    }

    #[test]
    fn every_text_fits_its_column_and_every_row_has_a_value() {
        let study = Study::embedded();
        for row in study.cases.iter().flat_map(|case| of(case, &study.concept_ids())) {
            assert!(row.value_as_string.is_some() || row.value_as_number.is_some(), "{row:?}");
            assert!(row.value_as_string.as_ref().is_none_or(|text| text.chars().count() <= 60), "{row:?}");
        }
    }
}
