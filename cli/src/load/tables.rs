//! The tables of OMOP CDM 5.4 in the schema, each after the tables that it refers to.

/// Tables delivered by Athena.
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

/// Tables delivered by a study.
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

/// Returns the command that loads a table.
pub fn command_of(table: &str) -> Option<&'static str> {
    if VOCABULARY.contains(&table) {
        Some("augmed load vocabulary")
    } else if CLINICAL.contains(&table) {
        Some("augmed load clinical")
    } else {
        None
    }
}
