//! The case review: a tree of what the participant reads (contract, section 4).

use indexmap::IndexMap;
use serde::Serialize;
use shared::page_config::{PageConfig, Section};
use utoipa::ToSchema;
use utoipa::openapi::schema::{AnyOfBuilder, ArrayBuilder, ObjectBuilder, Ref, Schema, Type};

use crate::ai_score;
use crate::background;
use crate::case::{Case, Vocabulary};
use crate::complaint;
use crate::examination;
use crate::path_config::{PathConfig, Style};

/// The answer of `GET /api/case-reviews/{case_config_id}`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CaseReview {
    /// The patient's pseudonym.
    pub person_name: Option<String>,
    /// `visit_occurrence_id`; text, as the frontend needs it.
    pub case_number: String,
    /// The sections, in the page configuration's order.
    pub details: Vec<Node>,
    /// Keys that have a `top`, in its order, and the AI score behind them.
    pub important_infos: Vec<Node>,
}

/// A key and what stands under it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Node {
    /// What the participant reads.
    pub key: String,
    /// Texts, or nodes one level deeper.
    #[schema(schema_with = Values::schema)]
    pub values: Values,
    /// Null where no entry is for this node.
    pub style: Option<Style>,
}

/// `text | [text] | [node]`, or null for a single row without a value.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Values {
    Null,
    Text(String),
    Texts(Vec<String>),
    Nodes(Vec<Node>),
}

impl Node {
    pub fn new(key: impl Into<String>, values: Values) -> Self {
        Self { key: key.into(), values, style: None }
    }

    /// A node of nodes; none without any.
    pub fn of_nodes(key: &str, nodes: Vec<Self>) -> Option<Self> {
        (!nodes.is_empty()).then(|| Self::new(key, Values::Nodes(nodes)))
    }

    /// Rows of one visit, a node per concept in order of the first row. A concept without a name is left out.
    pub fn by_concept(rows: impl Iterator<Item = (i32, Option<String>)>, vocabulary: &Vocabulary) -> Vec<Self> {
        let mut groups: IndexMap<i32, Vec<Option<String>>> = IndexMap::new();
        for (concept_id, text) in rows {
            groups.entry(concept_id).or_default().push(text);
        }
        groups
            .into_iter()
            .filter_map(|(concept_id, texts)| Some(Self::new(vocabulary.name(concept_id)?, Values::of_rows(texts))))
            .collect()
    }

    fn important(&self, found: &mut Vec<(f64, Self)>) {
        if let Some(top) = self.style.as_ref().and_then(Style::top) {
            found.push((top, Self { style: None, ..self.clone() }));
        }
        if let Values::Nodes(children) = &self.values {
            for child in children {
                child.important(found);
            }
        }
    }
}

impl Values {
    fn schema() -> Schema {
        let text = || ObjectBuilder::new().schema_type(Type::String);
        let nodes = ArrayBuilder::new().items(Ref::from_schema_name("Node"));
        let texts = ArrayBuilder::new().items(text());
        AnyOfBuilder::new().item(shared::openapi::null()).item(text()).item(texts).item(nodes).into()
    }

    /// One row: the value itself; several: the list of the values that exist.
    pub fn of_rows(mut texts: Vec<Option<String>>) -> Self {
        match &mut texts[..] {
            [only] => only.take().map_or(Self::Null, Self::Text),
            _ => Self::Texts(texts.into_iter().flatten().collect()),
        }
    }
}

impl CaseReview {
    /// Returns the AI score as it is shown, if it is.
    pub fn ai_score(&self) -> Option<&str> {
        match &self.important_infos.iter().find(|node| node.key == ai_score::KEY)?.values {
            Values::Texts(texts) => texts.first().map(String::as_str),
            _ => None,
        }
    }

    /// What `path_config` lets the participant see of a case.
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

    /// A visit with one value in each of four categories.
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
    fn a_review_names_the_patient_and_the_case_number_as_text() {
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
    fn sections_stand_in_the_page_configurations_order() {
        let case =
            Case { observations: vec![complained(21, 31, "dry")], measurements: vec![measured(51, "1")], ..visit() };
        let page = json!({ "PHYSICAL EXAMINATION": { "x": [51] }, "OTHER": [], "PATIENT COMPLAINT": { "y": [21] }, "BACKGROUND": 5 });

        let shown = review(&case, &page, &json!([]));

        let keys: Vec<_> = shown["details"].as_array().unwrap().iter().map(|section| &section["key"]).collect();
        assert_eq!(keys, ["PHYSICAL EXAMINATION", "PATIENT COMPLAINT", "BACKGROUND"]);
    }

    #[test]
    fn keys_with_a_top_are_important_in_its_order_then_in_the_trees() {
        let shown = important(["3.0", "0", "3", "-5"]);

        let expected = ["E", "C", "A", "D"].map(|key| node(key, json!(["x"])));
        assert_eq!(shown, json!(expected));
    }

    #[test]
    fn a_key_without_a_top_is_not_important() {
        assert_eq!(important(["null", "\"1\"", "true", "[]"]), json!([]));
    }
}
