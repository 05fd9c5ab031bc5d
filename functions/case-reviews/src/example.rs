//! Invented visits for this crate's tests.

use serde_json::{Value, json};

use crate::case::{Case, Measurement, Observation, Vocabulary};
use crate::case_tree::CaseReview;
use crate::path_config::PathConfig;
use shared::page_config::PageConfig;

pub const FEMALE: i32 = 1;
pub const UNKNOWN: i32 = 999;

/// Returns a visit without clinical rows, of a patient aged 64.
pub fn visit() -> Case {
    Case {
        visit_occurrence_id: 7,
        person_source_value: Some("PT-7".to_owned()),
        age: Some("64".to_owned()),
        gender_concept_id: FEMALE,
        vocabulary: vocabulary(),
        ..Case::default()
    }
}

fn vocabulary() -> Vocabulary {
    let names = [
        (FEMALE, "FEMALE"),
        (31, "Cough"),
        (32, "Fever"),
        (33, "Cough"),
        (41, "Vital signs"),
        (42, "Pulse"),
        (43, "Temperature"),
        (51, "Lungs"),
        (52, "Ext. ear"),
        (53, "ear"),
        (40_490_382, "BMI (body mass index) centile"),
    ];
    names.into_iter().collect()
}

/// Returns an observation with a text value.
pub fn observed(observation_concept_id: i32, text: &str) -> Observation {
    Observation { observation_concept_id, value_as_string: Some(text.to_owned()), ..Observation::default() }
}

/// Returns an observation of a type; an empty text is no value.
pub fn complained(observation_type_concept_id: i32, observation_concept_id: i32, text: &str) -> Observation {
    Observation { observation_type_concept_id, ..observed(observation_concept_id, text) }
}

/// Returns a measurement with a numeric value; zero is no value.
pub fn measured(measurement_concept_id: i32, number: &str) -> Measurement {
    Measurement { measurement_concept_id, value_as_number: Some(number.to_owned()), ..Measurement::default() }
}

/// Returns the review of a visit as sent to the participant.
pub fn review(case: &Case, page_config: &Value, path_config: &Value) -> Value {
    let page_config = PageConfig::parse(&page_config.to_string()).unwrap();
    let path_config = PathConfig::parse(Some(&path_config.to_string()));
    serde_json::to_value(CaseReview::new(case, &page_config, &path_config)).unwrap()
}

/// Returns the nodes of the only section; null if it is omitted.
pub fn section(case: &Case, page_config: &Value, path_config: &Value) -> Value {
    review(case, page_config, path_config).pointer_mut("/details/0/values").map(Value::take).unwrap_or_default()
}

/// Returns a node without a style.
pub fn node(key: &str, values: impl Into<Value>) -> Value {
    json!({ "key": key, "values": values.into(), "style": null })
}

/// Returns a node with a style.
pub fn styled(key: &str, values: impl Into<Value>, style: &Value) -> Value {
    json!({ "key": key, "values": values.into(), "style": style })
}
