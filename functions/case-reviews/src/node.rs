//! The nodes of a case review's tree (contract, section 4).

use indexmap::IndexMap;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::{AnyOfBuilder, ArrayBuilder, ObjectBuilder, Ref, Schema, Type};

use crate::case::Vocabulary;
use crate::path_config::Style;

/// A key and its values.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Node {
    /// The heading that the participant reads.
    pub key: String,
    /// Texts, or nodes one level deeper.
    #[schema(schema_with = Values::schema)]
    pub values: Values,
    /// Null if no entry applies to this node.
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

    /// Returns a node with child nodes, or `None` if there are none.
    pub fn of_nodes(key: &str, nodes: Vec<Self>) -> Option<Self> {
        (!nodes.is_empty()).then(|| Self::new(key, Values::Nodes(nodes)))
    }

    /// Groups rows of one visit into a node per concept, ordered by first row. Skips concepts without a name.
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

    /// Adds the nodes with a `top`, in the order of the tree.
    pub fn important(&self, found: &mut Vec<(f64, Self)>) {
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

    /// Returns the value of a single row, or the list of existing values of several rows.
    pub fn of_rows(mut texts: Vec<Option<String>>) -> Self {
        match &mut texts[..] {
            [only] => only.take().map_or(Self::Null, Self::Text),
            _ => Self::Texts(texts.into_iter().flatten().collect()),
        }
    }
}
