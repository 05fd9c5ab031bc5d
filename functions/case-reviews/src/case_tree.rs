//! The case review: the tree that the participant reads (contract, section 4).

use serde::Serialize;
use shared::page_config::{PageConfig, Section};
use utoipa::ToSchema;

use crate::ai_score;
use crate::background;
use crate::case::Case;
use crate::complaint;
use crate::examination;
use crate::node::{Node, Values};
use crate::path_config::PathConfig;

/// The answer of `GET /api/case-reviews/{case_config_id}`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CaseReview {
    /// The patient's pseudonym.
    pub person_name: Option<String>,
    /// `visit_occurrence_id`, as text for the frontend.
    pub case_number: String,
    /// The sections, in the page configuration's order.
    pub details: Vec<Node>,
    /// Keys with a `top`, in that order, followed by the AI score.
    pub important_infos: Vec<Node>,
}

impl CaseReview {
    /// Returns the AI score as shown, if it is shown.
    pub fn ai_score(&self) -> Option<&str> {
        match &self.important_infos.iter().find(|node| node.key == ai_score::KEY)?.values {
            Values::Texts(texts) => texts.first().map(String::as_str),
            _ => None,
        }
    }

    /// Builds the part of a case that `path_config` lets the participant see.
    pub fn new(case: &Case, page_config: &PageConfig, path_config: &PathConfig) -> Self {
        let details: Vec<Node> = page_config
            .sections
            .iter()
            .filter_map(|section| match section {
                Section::Background(categories) => Some(background::section(categories, case, path_config)),
                Section::PatientComplaint(groups) => complaint::section(groups, case),
                Section::PhysicalExamination(groups) => examination::section(groups, case, path_config),
            })
            .collect();
        let important_infos = important(&details).into_iter().chain(ai_score::node(case, path_config)).collect();
        Self {
            person_name: case.person_source_value.clone(),
            case_number: case.visit_occurrence_id.to_string(),
            details,
            important_infos,
        }
    }
}

fn important(details: &[Node]) -> Vec<Node> {
    let mut found = Vec::new();
    for section in details {
        section.important(&mut found);
    }
    found.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    found.into_iter().map(|(_, node)| node).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::example::{complained, measured, node, observed, review, visit};

    /// Returns the important infos of a visit with one value in each of four categories.
    fn important(tops: [&str; 4]) -> Value {
        let observations = [11, 12, 13, 14].map(|concept| observed(concept, "x")).into();
        let page = json!({ "BACKGROUND": { "A": [11], "B": { "C": [12], "D": [13] }, "E": [14] } });
        let paths = ["BACKGROUND.A.x", "BACKGROUND.B.C.x", "BACKGROUND.B.D.x", "BACKGROUND.E.x"];
        let entries = paths.iter().zip(tops).map(|(path, top)| {
            let top: Value = top.parse().unwrap();
            json!({ "path": path, "style": { "top": top } })
        });
        review(&Case { observations, ..visit() }, &page, &entries.collect())["importantInfos"].take()
    }

    #[test]
    fn a_review_has_the_patient_and_the_case_number_as_text() {
        let shown = review(&visit(), &json!({}), &json!([]));

        let expected = json!({ "personName": "PT-7", "caseNumber": "7", "details": [], "importantInfos": [] });
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_patient_without_a_name_is_null() {
        let shown = review(&Case { person_source_value: None, ..visit() }, &json!({}), &json!([]));

        assert_eq!(shown["personName"], Value::Null);
    }

    #[test]
    fn sections_follow_the_order_of_the_page_configuration() {
        let case =
            Case { observations: vec![complained(21, 31, "dry")], measurements: vec![measured(51, "1")], ..visit() };
        let page = json!({ "PHYSICAL EXAMINATION": { "x": [51] }, "OTHER": [], "PATIENT COMPLAINT": { "y": [21] }, "BACKGROUND": 5 });

        let shown = review(&case, &page, &json!([]));

        let keys: Vec<_> = shown["details"].as_array().unwrap().iter().map(|section| &section["key"]).collect();
        assert_eq!(keys, ["PHYSICAL EXAMINATION", "PATIENT COMPLAINT", "BACKGROUND"]);
    }

    #[test]
    fn sorts_important_keys_by_top_then_by_position_in_the_tree() {
        let shown = important(["3.0", "0", "3", "-5"]);

        let expected = ["E", "C", "A", "D"].map(|key| node(key, json!(["x"])));
        assert_eq!(shown, json!(expected));
    }

    #[test]
    fn a_key_without_a_top_is_not_important() {
        assert_eq!(important(["null", "\"1\"", "true", "[]"]), json!([]));
    }
}
