//! The section `BACKGROUND`: the patient, then observations by concept, limited to the values that entries name.
//!
//! An entry `BACKGROUND.<key>[.<nested key>…].<value>` shows that value, and gives its style to the value's category.
//! Paths are matched against the tree, so keys and values may contain full stops. An entry whose value is the key of a
//! nested category shows that category, empty unless its own values are named too.

mod entry;
mod populated;
#[cfg(test)]
mod tests;

use shared::page_config::{BACKGROUND, Category};

use crate::case::Case;
use crate::node::{Node, Values};
use crate::path_config::PathConfig;
use entry::{Entry, interpretations};
use populated::{Populated, PopulatedContent, populated};

/// Returns the section: `Patient Demographics` first and always, then every category with values in the visit.
pub fn section(categories: &[Category], case: &Case, path_config: &PathConfig) -> Node {
    let populated = populated(categories, case);
    let entries: Vec<Entry<'_>> =
        path_config.below(BACKGROUND).filter_map(|(path, style)| Entry::locate(path, style, &populated)).collect();
    let shown = populated.iter().map(|category| node(category, category.key, &entries));
    Node::new(BACKGROUND, Values::Nodes([demographics(case)].into_iter().chain(shown).collect()))
}

fn demographics(case: &Case) -> Node {
    let gender = case.vocabulary.name(case.gender_concept_id);
    if case.age.is_none() {
        tracing::warn!(case.visit_occurrence_id, "the years of visit and birth give no valid age");
    }
    let known = [("Age", case.age.as_deref()), ("Gender", gender)];
    let values = known.into_iter().filter_map(|(key, text)| Some(Node::new(key, Values::Text(text?.to_owned()))));
    Node::new(DEMOGRAPHICS, Values::Nodes(values.collect()))
}

const DEMOGRAPHICS: &str = "Patient Demographics";

/// The background values of a visit that entries can name.
pub struct Background<'a>(Vec<Populated<'a>>);

impl<'a> Background<'a> {
    pub fn of(categories: &'a [Category], case: &Case) -> Self {
        Self(populated(categories, case))
    }

    /// Returns the path of every value below `BACKGROUND`.
    pub fn paths(&self) -> Vec<String> {
        self.findings().into_iter().map(|(categories, text)| format!("{}.{text}", categories.join("."))).collect()
    }

    /// Returns every value with its categories, outermost first.
    pub fn findings(&self) -> Vec<(Vec<&'a str>, String)> {
        self.0.iter().flat_map(Populated::findings).collect()
    }

    /// Returns whether the text after `BACKGROUND.` names a value, a nested category, or the demographics, which are
    /// always shown.
    pub fn is_named_by(&self, path: &str) -> bool {
        path == DEMOGRAPHICS
            || path.strip_prefix(DEMOGRAPHICS).is_some_and(|rest| matches!(rest, ".Age" | ".Gender"))
            || interpretations(path, &self.0).iter().any(|interpretation| interpretation.value_exists)
    }
}

fn node(category: &Populated<'_>, path: &str, entries: &[Entry<'_>]) -> Node {
    let own: Vec<&Entry<'_>> = entries.iter().filter(|entry| entry.category_path == path).collect();
    let is_named = |value: &str| own.iter().any(|entry| entry.value == value);
    let values = match &category.content {
        PopulatedContent::Texts(texts) => Values::Texts(texts.iter().filter(|text| is_named(text)).cloned().collect()),
        PopulatedContent::Categories(nested) => {
            let nested = nested.iter().map(|category| (category, format!("{path}.{}", category.key)));
            let shown = nested
                .filter(|(category, path)| is_named(category.key) || entries.iter().any(|entry| entry.is_within(path)));
            Values::Nodes(shown.map(|(category, path)| node(category, &path, entries)).collect())
        }
    };
    let style = own.iter().map(|entry| entry.style.clone()).reduce(|style, later| style.merge(&later));
    Node { key: category.key.to_owned(), values, style }
}
