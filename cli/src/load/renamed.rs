//! Columns that were renamed in OMOP CDM 5.4.

/// Table, name before 5.4, name in 5.4 (<https://ohdsi.github.io/CommonDataModel/cdm54Changes.html>; the modifier was renamed in 5.3.1).
const RENAMED: [(&str, &str, &str); 11] = [
    ("visit_occurrence", "admitting_source_concept_id", "admitted_from_concept_id"),
    ("visit_occurrence", "admitting_source_value", "admitted_from_source_value"),
    ("visit_occurrence", "discharge_to_concept_id", "discharged_to_concept_id"),
    ("visit_occurrence", "discharge_to_source_value", "discharged_to_source_value"),
    ("visit_detail", "admitting_source_concept_id", "admitted_from_concept_id"),
    ("visit_detail", "admitting_source_value", "admitted_from_source_value"),
    ("visit_detail", "discharge_to_concept_id", "discharged_to_concept_id"),
    ("visit_detail", "discharge_to_source_value", "discharged_to_source_value"),
    ("visit_detail", "visit_detail_parent_id", "parent_visit_detail_id"),
    ("procedure_occurrence", "qualifier_source_value", "modifier_source_value"),
    ("procedure_occurrence", "qualifier_concept_id", "modifier_concept_id"),
];

/// Returns the name in OMOP CDM 5.4 of a renamed column.
pub fn name_in_5_4(table: &str, column: &str) -> Option<&'static str> {
    RENAMED.iter().find(|(of, before, _)| (*of, *before) == (table, column)).map(|(_, _, now)| *now)
}
