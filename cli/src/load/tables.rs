//! The tables of OMOP CDM 5.4 that the schema has, each after those that it refers to.

/// What Athena delivers.
pub const VOCABULARY: &[&str] = &[
    "concept",
    "vocabulary",
    "domain",
    "concept_class",
    "relationship",
    "concept_relationship",
    "concept_ancestor",
    "concept_synonym",
    "drug_strength",
    "source_to_concept_map",
];

/// What a study delivers.
pub const CLINICAL: &[&str] = &[
    "location",
    "care_site",
    "provider",
    "person",
    "death",
    "observation_period",
    "visit_occurrence",
    "visit_detail",
    "condition_occurrence",
    "device_exposure",
    "drug_exposure",
    "measurement",
    "note",
    "note_nlp",
    "observation",
    "procedure_occurrence",
    "specimen",
    "fact_relationship",
];

/// Which command loads a table.
pub fn command_of(table: &str) -> Option<&'static str> {
    if VOCABULARY.contains(&table) {
        Some("augmed load vocabulary")
    } else if CLINICAL.contains(&table) {
        Some("augmed load clinical")
    } else {
        None
    }
}
