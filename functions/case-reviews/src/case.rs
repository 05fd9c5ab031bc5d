//! The clinical data of one visit, as OMOP CDM 5.4 has it.

use std::collections::HashMap;

use serde::Deserialize;

/// A case: one `visit_occurrence` and what hangs off it.
#[derive(Debug, Default)]
pub struct Case {
    /// `visit_occurrence_id`, the case number of the study.
    pub visit_occurrence_id: i32,
    /// The patient's pseudonym.
    pub person_source_value: Option<String>,
    /// Year of the visit minus year of birth; none where that is no age (0 to 130).
    pub age: Option<String>,
    /// A concept, like every column of this name.
    pub gender_concept_id: i32,
    /// In order of `observation_id`.
    pub observations: Vec<Observation>,
    /// In order of `measurement_id`.
    pub measurements: Vec<Measurement>,
    /// `Subsumes` and `Is characterized by`, from `concept_id_1` to `concept_id_2`.
    pub relationships: Vec<(i32, i32)>,
    /// The names of all these concepts.
    pub vocabulary: Vocabulary,
}

/// A row of `observation`, which `cases.sql` lists in this order; the numeric is PostgreSQL's text, so that 36.60 survives.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Observation {
    pub observation_concept_id: i32,
    pub observation_type_concept_id: i32,
    pub value_as_string: Option<String>,
    pub value_as_number: Option<String>,
    pub value_as_concept_id: Option<i32>,
    pub unit_concept_id: Option<i32>,
    pub unit_source_value: Option<String>,
    pub qualifier_concept_id: Option<i32>,
}

/// A row of `measurement`, which `cases.sql` lists in this order; the numeric is PostgreSQL's text, so that 36.60 survives.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Measurement {
    pub measurement_concept_id: i32,
    pub operator_concept_id: Option<i32>,
    pub value_as_number: Option<String>,
    pub value_as_concept_id: Option<i32>,
    pub unit_concept_id: Option<i32>,
    pub unit_source_value: Option<String>,
}

/// `concept_name` by `concept_id`.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Vocabulary(HashMap<i32, String>);

impl Vocabulary {
    /// The name of a concept; one that is missing is logged.
    pub fn name(&self, concept_id: i32) -> Option<&str> {
        let name = self.0.get(&concept_id).map(String::as_str);
        if name.is_none() {
            tracing::warn!(concept_id, "concept is missing");
        }
        name
    }

    /// The name in a column where null and 0 ("No matching concept") mean none.
    pub fn name_if_any(&self, concept_id: Option<i32>) -> Option<&str> {
        concept_id.filter(|&id| id != 0).and_then(|id| self.name(id))
    }
}

impl<Name: Into<String>> FromIterator<(i32, Name)> for Vocabulary {
    fn from_iter<Concepts: IntoIterator<Item = (i32, Name)>>(concepts: Concepts) -> Self {
        Self(concepts.into_iter().map(|(id, name)| (id, name.into())).collect())
    }
}
