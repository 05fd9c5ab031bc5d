//! `BACKGROUND`: the patient, then observations by concept, limited to the values that entries name.
//!
//! An entry `BACKGROUND.<key>[.<nested key>…].<value>` applies to the category with that value, which gets its style.
//! Paths are matched against the tree, so keys and values may contain full stops. An entry whose value is the key of a
//! nested category shows that category, empty unless its own values are named too.

use shared::page_config::{BACKGROUND, Category, CategoryContent};

use crate::case::Case;
use crate::case_tree::{Node, Values};
use crate::path_config::{PathConfig, Style};

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
            || readings(path, 0, &self.0).into_iter().any(|(holds_value, _)| holds_value)
    }
}

/// A category with values in the visit.
struct Populated<'a> {
    key: &'a str,
    content: PopulatedContent<'a>,
}

enum PopulatedContent<'a> {
    Texts(Vec<String>),
    Categories(Vec<Populated<'a>>),
}

fn populated<'a>(categories: &'a [Category], case: &Case) -> Vec<Populated<'a>> {
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
    fn findings(&self) -> Vec<(Vec<&'a str>, String)> {
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

    fn holds(&self, value: &str) -> bool {
        match &self.content {
            PopulatedContent::Texts(texts) => texts.iter().any(|text| text == value),
            PopulatedContent::Categories(nested) => nested.iter().any(|category| category.key == value),
        }
    }
}

/// An entry that matched a category.
struct Entry<'a> {
    category_path: &'a str,
    value: &'a str,
    style: &'a Style,
}

impl<'a> Entry<'a> {
    /// Matches a path. If full stops make it ambiguous, prefers a category with that value, then the innermost one.
    fn locate(path: &'a str, style: &'a Style, populated: &[Populated<'_>]) -> Option<Self> {
        let (_, value_at) = readings(path, 0, populated).into_iter().max()?;
        Some(Self { category_path: &path[..value_at - 1], value: &path[value_at..], style })
    }

    fn is_within(&self, category_path: &str) -> bool {
        let below = self.category_path.strip_prefix(category_path);
        below.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

/// Returns every interpretation of a path from an offset on: whether the category has the value, and the value's
/// offset.
fn readings(path: &str, from: usize, populated: &[Populated<'_>]) -> Vec<(bool, usize)> {
    let mut readings = Vec::new();
    for category in populated {
        let Some(value) = path[from..].strip_prefix(category.key).and_then(|rest| rest.strip_prefix('.')) else {
            continue;
        };
        let value_at = path.len() - value.len();
        readings.push((category.holds(value), value_at));
        if let PopulatedContent::Categories(nested) = &category.content {
            readings.extend(self::readings(path, value_at, nested));
        }
    }
    readings
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::example::{UNKNOWN, node, observed, review, section, styled, visit};

    /// Returns the categories after the demographics, for a visit with these observations.
    fn categories(observed: Vec<crate::case::Observation>, background: &Value, entries: &Value) -> Value {
        let case = Case { observations: observed, ..visit() };
        let Value::Array(mut nodes) = section(&case, &json!({ "BACKGROUND": background }), entries) else {
            panic!("no background");
        };
        nodes.remove(0);
        Value::Array(nodes)
    }

    fn family_history(entries: &Value) -> Value {
        let rows = vec![observed(11, "Cancer: Yes"), observed(11, "Diabetes: No"), observed(11, "Dr. Notes: v1.5")];
        categories(rows, &json!({ "Family History": [11] }), entries)
    }

    fn social_history(entries: &Value) -> Value {
        let rows = vec![observed(12, "Ex-smoker"), observed(12, "Stopped 2010"), observed(13, "12 units")];
        let page = json!({ "Social History": { "Tobacco": [12], "Alcohol": { "Weekly": [13] } } });
        categories(rows, &page, entries)
    }

    fn entry(path: &str) -> Value {
        json!({ "path": path })
    }

    #[test]
    fn demographics_always_come_first() {
        let nodes = section(&visit(), &json!({ "BACKGROUND": {} }), &json!([]));

        let patient = node("Patient Demographics", json!([node("Age", "64"), node("Gender", "FEMALE")]));
        assert_eq!(nodes, json!([patient]));
    }

    #[test]
    fn demographics_are_never_filtered_or_styled() {
        let entries = json!([{ "path": "BACKGROUND.Patient Demographics.Age", "style": { "top": 1 } }]);

        let shown = review(&visit(), &json!({ "BACKGROUND": {} }), &entries);

        assert_eq!(shown, review(&visit(), &json!({ "BACKGROUND": {} }), &json!([])));
    }

    #[test]
    fn omits_an_unknown_gender() {
        let case = Case { gender_concept_id: UNKNOWN, ..visit() };

        let nodes = section(&case, &json!({ "BACKGROUND": {} }), &json!([]));

        assert_eq!(nodes, json!([node("Patient Demographics", json!([node("Age", "64")]))]));
    }

    #[test]
    fn a_category_without_entries_is_empty() {
        assert_eq!(family_history(&json!([])), json!([node("Family History", json!([]))]));
    }

    #[test]
    fn omits_categories_without_values_at_any_depth() {
        let page = json!({ "Family History": [11], "Social History": { "Tobacco": [12] }, "None": [] });

        assert_eq!(categories(vec![observed(11, ""), observed(12, "")], &page, &json!([])), json!([]));
    }

    #[test]
    fn keeps_named_values_in_the_visits_order() {
        let entries =
            json!([entry("BACKGROUND.Family History.Diabetes: No"), entry("BACKGROUND.Family History.Cancer: Yes")]);

        let kept = json!(["Cancer: Yes", "Diabetes: No"]);
        assert_eq!(family_history(&entries), json!([styled("Family History", kept, &json!({}))]));
    }

    #[test]
    fn values_may_contain_full_stops() {
        let entries = json!([entry("BACKGROUND.Family History.Dr. Notes: v1.5")]);

        assert_eq!(family_history(&entries), json!([styled("Family History", json!(["Dr. Notes: v1.5"]), &json!({}))]));
    }

    #[test]
    fn keys_may_contain_full_stops() {
        let page = json!({ "Hx": [11], "Hx. of family": [12] });
        let rows = vec![observed(11, "Asthma"), observed(12, "Cancer. Yes")];

        let shown = categories(rows, &page, &json!([entry("BACKGROUND.Hx. of family.Cancer. Yes")]));

        let family = styled("Hx. of family", json!(["Cancer. Yes"]), &json!({}));
        assert_eq!(shown, json!([node("Hx", json!([])), family]));
    }

    #[test]
    fn prefers_the_interpretation_of_a_path_whose_value_exists() {
        let page = json!({ "Hx": [11], "Hx.Family": [12] });
        let rows = vec![observed(11, "Family.Cancer"), observed(12, "Asthma")];

        let shown = categories(rows, &page, &json!([entry("BACKGROUND.Hx.Family.Cancer")]));

        assert_eq!(shown, json!([styled("Hx", json!(["Family.Cancer"]), &json!({})), node("Hx.Family", json!([]))]));
    }

    #[test]
    fn a_single_value_is_a_list_of_one() {
        let page = json!({ "Occupation": [14] });

        let shown = categories(vec![observed(14, "Nurse")], &page, &json!([entry("BACKGROUND.Occupation.Nurse")]));

        assert_eq!(shown, json!([styled("Occupation", json!(["Nurse"]), &json!({}))]));
    }

    #[test]
    fn a_single_value_is_not_filtered_letter_by_letter() {
        let page = json!({ "Occupation": [14] });

        let shown = categories(vec![observed(14, "Nurse")], &page, &json!([entry("BACKGROUND.Occupation.N")]));

        assert_eq!(shown, json!([styled("Occupation", json!([]), &json!({}))]));
    }

    #[test]
    fn merges_styles_including_those_of_missing_values() {
        let entries = json!([
            { "path": "BACKGROUND.Family History.Cancer: Yes", "style": { "collapse": true, "top": 1 } },
            { "path": "BACKGROUND.Family History.Stroke: Yes", "style": { "highlight": true, "top": 2.5 } },
        ]);

        let style = json!({ "collapse": false, "highlight": true, "top": 2.5 });
        assert_eq!(family_history(&entries), json!([styled("Family History", json!(["Cancer: Yes"]), &style)]));
    }

    #[test]
    fn a_nested_category_without_entries_is_empty() {
        assert_eq!(social_history(&json!([])), json!([node("Social History", json!([]))]));
    }

    #[test]
    fn names_a_nested_value_by_its_full_path() {
        let entries =
            json!([{ "path": "BACKGROUND.Social History.Tobacco.Ex-smoker", "style": { "highlight": true } }]);

        let tobacco = styled("Tobacco", json!(["Ex-smoker"]), &json!({ "highlight": true }));
        assert_eq!(social_history(&entries), json!([node("Social History", json!([tobacco]))]));
    }

    #[test]
    fn names_values_at_any_depth() {
        let entries = json!([entry("BACKGROUND.Social History.Alcohol.Weekly.12 units")]);

        let alcohol = node("Alcohol", json!([styled("Weekly", json!(["12 units"]), &json!({}))]));
        assert_eq!(social_history(&entries), json!([node("Social History", json!([alcohol]))]));
    }

    #[test]
    fn an_entry_that_names_a_nested_category_shows_it_empty() {
        let entries = json!([{ "path": "BACKGROUND.Social History.Tobacco", "style": { "collapse": false } }]);

        let shown = styled("Social History", json!([node("Tobacco", json!([]))]), &json!({ "collapse": true }));
        assert_eq!(social_history(&entries), json!([shown]));
    }
}
