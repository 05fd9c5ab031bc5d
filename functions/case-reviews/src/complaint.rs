//! `PATIENT COMPLAINT`: observations by type, grouped by concept; not filtered or styled.

use shared::page_config::{ConceptGroup, PATIENT_COMPLAINT};

use crate::case::Case;
use crate::node::Node;

/// Returns the section: a key for each group that has observations, with a node per concept. Returns `None` if no group
/// has any.
pub fn section(groups: &[ConceptGroup], case: &Case) -> Option<Node> {
    let keys = groups.iter().filter_map(|group| Node::of_nodes(&group.key, complaints(&group.concepts, case)));
    Node::of_nodes(PATIENT_COMPLAINT, keys.collect())
}

/// Returns the complaints as paths below the section.
pub fn paths(groups: &[ConceptGroup], case: &Case) -> Vec<String> {
    let below = |group: &ConceptGroup| {
        let complaints = complaints(&group.concepts, case).into_iter();
        complaints.map(|complaint| format!("{}.{}", group.key, complaint.key)).collect::<Vec<_>>()
    };
    groups.iter().flat_map(below).collect()
}

fn complaints(types: &[i32], case: &Case) -> Vec<Node> {
    let rows = case
        .observations
        .iter()
        .filter(|observation| types.contains(&observation.observation_type_concept_id))
        .map(|observation| (observation.observation_concept_id, observation.text(&case.vocabulary)));
    Node::by_concept(rows, &case.vocabulary)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::case::Observation;
    use crate::example::{UNKNOWN, complained, node, section, visit};

    const CHIEF: i32 = 21;

    fn complaints(observations: Vec<Observation>) -> Value {
        let page = json!({ "PATIENT COMPLAINT": { "Chief Complaint": [CHIEF], "Reported": [22] } });
        section(&Case { observations, ..visit() }, &page, &json!([]))
    }

    fn chief(complaints: Value) -> Value {
        json!([node("Chief Complaint", complaints)])
    }

    #[test]
    fn groups_complaints_by_concept_in_order_of_the_first_row() {
        let rows = vec![complained(CHIEF, 32, "high"), complained(CHIEF, 31, "dry"), complained(CHIEF, 32, "3 days")];

        assert_eq!(complaints(rows), chief(json!([node("Fever", json!(["high", "3 days"])), node("Cough", "dry")])));
    }

    #[test]
    fn concepts_with_equal_names_stay_separate() {
        let rows = vec![complained(CHIEF, 31, "dry"), complained(CHIEF, 33, "at night")];

        assert_eq!(complaints(rows), chief(json!([node("Cough", "dry"), node("Cough", "at night")])));
    }

    #[test]
    fn one_row_without_a_value_is_null_and_several_are_an_empty_list() {
        let rows = vec![complained(CHIEF, 32, ""), complained(CHIEF, 31, ""), complained(CHIEF, 31, "")];

        assert_eq!(complaints(rows), chief(json!([node("Fever", Value::Null), node("Cough", json!([]))])));
    }

    #[test]
    fn lists_the_rows_with_a_value() {
        let rows = vec![complained(CHIEF, 31, ""), complained(CHIEF, 31, "dry")];

        assert_eq!(complaints(rows), chief(json!([node("Cough", json!(["dry"]))])));
    }

    #[test]
    fn omits_a_complaint_whose_concept_is_missing() {
        let rows = vec![complained(CHIEF, UNKNOWN, "dry"), complained(CHIEF, 32, "high")];

        assert_eq!(complaints(rows), chief(json!([node("Fever", "high")])));
    }

    #[test]
    fn omits_a_section_without_complaints() {
        assert_eq!(complaints(vec![complained(0, 31, "no complaint")]), Value::Null);
    }
}
