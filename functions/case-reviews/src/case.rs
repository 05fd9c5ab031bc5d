//! The clinical data of one visit, in terms of OMOP CDM 5.4.

use std::collections::HashMap;

use serde::Deserialize;

/// A case: one `visit_occurrence` and its related rows.
#[derive(Debug, Default)]
pub struct Case {
    /// `visit_occurrence_id`, the case number of the study.
    pub visit_occurrence_id: i32,
    /// The patient's pseudonym.
    pub person_source_value: Option<String>,
    /// Year of the visit minus year of birth; `None` if that is not a valid age (0 to 130).
    pub age: Option<String>,
    /// A concept id, like every column of this name.
    pub gender_concept_id: i32,
    /// Ordered by `observation_id`.
    pub observations: Vec<Observation>,
    /// Ordered by `measurement_id`.
    pub measurements: Vec<Measurement>,
    /// `Subsumes` and `Is characterized by`, from `concept_id_1` to `concept_id_2`.
    pub relationships: Vec<(i32, i32)>,
    /// The names of all concepts above.
    pub vocabulary: Vocabulary,
}

/// A row of `observation`, with the columns in the order of `cases.sql`. The number is PostgreSQL's text, which
/// preserves trailing zeros (36.60).
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

/// A row of `measurement`, with the columns in the order of `cases.sql`. The number is PostgreSQL's text, which
/// preserves trailing zeros (36.60).
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
    /// Returns the name of a concept; logs a missing one.
    pub fn name(&self, concept_id: i32) -> Option<&str> {
        let name = self.0.get(&concept_id).map(String::as_str);
        if name.is_none() {
            tracing::warn!(concept_id, "concept is missing");
        }
        name
    }

    /// Returns the name of a concept in a column where null and 0 ("No matching concept") mean none.
    pub fn name_if_any(&self, concept_id: Option<i32>) -> Option<&str> {
        concept_id.filter(|&id| id != 0).and_then(|id| self.name(id))
    }
}

impl<Name: Into<String>> FromIterator<(i32, Name)> for Vocabulary {
    fn from_iter<Concepts: IntoIterator<Item = (i32, Name)>>(concepts: Concepts) -> Self {
        Self(concepts.into_iter().map(|(id, name)| (id, name.into())).collect())
    }
}
