use shared::page_config::{Category, CategoryContent};

use crate::case::Case;

/// A category with values in the visit.
pub(super) struct Populated<'a> {
    pub key: &'a str,
    pub content: PopulatedContent<'a>,
}

pub(super) enum PopulatedContent<'a> {
    Texts(Vec<String>),
    Categories(Vec<Populated<'a>>),
}

/// Returns the categories with values, nested ones too.
pub(super) fn populated<'a>(categories: &'a [Category], case: &Case) -> Vec<Populated<'a>> {
    let all = categories.iter().map(|category| {
        let content = match &category.content {
            CategoryContent::Concepts(concepts) => PopulatedContent::Texts(texts(concepts, case)),
            CategoryContent::Categories(nested) => PopulatedContent::Categories(populated(nested, case)),
        };
        Populated { key: &category.key, content }
    });
    all.filter(|category| !category.is_empty()).collect()
}

fn texts(concepts: &[i32], case: &Case) -> Vec<String> {
    case.observations
        .iter()
        .filter(|observation| concepts.contains(&observation.observation_concept_id))
        .filter_map(|observation| observation.text(&case.vocabulary))
        .collect()
}

impl<'a> Populated<'a> {
    /// Returns every value with its categories, outermost first.
    pub fn findings(&self) -> Vec<(Vec<&'a str>, String)> {
        let mut below: Vec<(Vec<&'a str>, String)> = match &self.content {
            PopulatedContent::Texts(texts) => texts.iter().map(|text| (Vec::new(), text.clone())).collect(),
            PopulatedContent::Categories(nested) => nested.iter().flat_map(Populated::findings).collect(),
        };
        below.iter_mut().for_each(|(categories, _)| categories.insert(0, self.key));
        below
    }

    fn is_empty(&self) -> bool {
        match &self.content {
            PopulatedContent::Texts(texts) => texts.is_empty(),
            PopulatedContent::Categories(nested) => nested.is_empty(),
        }
    }

    /// Returns whether the category has this value, or a nested category with this key.
    pub fn has_value(&self, value: &str) -> bool {
        match &self.content {
            PopulatedContent::Texts(texts) => texts.iter().any(|text| text == value),
            PopulatedContent::Categories(nested) => nested.iter().any(|category| category.key == value),
        }
    }
}
