//! `PHYSICAL EXAMINATION`: measurements of the configured concepts, or else of the concepts related to them.
//!
//! Entries select the section's children: `PHYSICAL EXAMINATION.<x>.<child>` keeps the child named at the end of the
//! path, whatever `<x>` is. `PHYSICAL EXAMINATION.<child>` is too short to select anything.

use shared::page_config::{ConceptGroup, PHYSICAL_EXAMINATION};

use crate::case::{Case, Measurement};
use crate::node::{Node, Values};
use crate::path_config::PathConfig;

const BMI: &str = "BMI (body mass index) centile";
const BMI_AS_SHOWN: &str = "BMI (body mass index) range";

/// Returns the section with the children that entries name; without entries, with all children but BMI. Returns `None`
/// without children.
pub fn section(groups: &[ConceptGroup], case: &Case, path_config: &PathConfig) -> Option<Node> {
    let children = children(groups, case);
    let named = named(path_config, &children);
    let is_shown = |child: &&Node| match &named {
        Some(named) => named.contains(&child.key.as_str()),
        None => child.key != BMI,
    };
    let shown = children.iter().filter(is_shown).cloned().map(with_bmi_renamed).collect();
    Node::of_nodes(PHYSICAL_EXAMINATION, shown)
}

/// Returns the titles that entries can name.
pub fn titles(groups: &[ConceptGroup], case: &Case) -> Vec<String> {
    children(groups, case).into_iter().map(|child| child.key).collect()
}

/// Returns the path of every child below the section.
pub fn paths(groups: &[ConceptGroup], case: &Case) -> Vec<String> {
    let path = |group: &ConceptGroup| Some(format!("{}.{}", group.key, child(group, case)?.key));
    groups.iter().filter_map(path).collect()
}

/// Returns whether the text after `PHYSICAL EXAMINATION.` names the child with this title.
pub fn is_named_by(title: &str, path: &str) -> bool {
    path.strip_suffix(title).is_some_and(|start| start.ends_with('.'))
}

fn children(groups: &[ConceptGroup], case: &Case) -> Vec<Node> {
    groups.iter().filter_map(|group| child(group, case)).collect()
}

/// Returns the child of a group. Its title is the name of the first concept, or the configured key if that concept is
/// missing.
fn child(group: &ConceptGroup, case: &Case) -> Option<Node> {
    let title = case.vocabulary.name(*group.concepts.first()?).unwrap_or(&group.key);
    let direct: Vec<_> =
        texts(case, |measurement| group.concepts.contains(&measurement.measurement_concept_id)).collect();
    if !direct.is_empty() {
        let texts = direct.into_iter().map(|(_, text)| text).collect();
        return Some(Node::new(title, Values::of_rows(texts)));
    }
    // The old service does not specify an order. PostgreSQL joins from the primary key of concept_relationship, so
    // children are ordered by concept, and a measurement appears once per relationship (decisions 7 and 113).
    let relationships = case.relationships.iter().filter(|(parent, _)| group.concepts.contains(parent));
    let mut relationships: Vec<(i32, i32)> = relationships.copied().collect();
    relationships.sort_unstable();
    let related = relationships
        .into_iter()
        .flat_map(|(_, concept)| texts(case, move |measurement| measurement.measurement_concept_id == concept));
    Node::of_nodes(title, Node::by_concept(related, &case.vocabulary))
}

fn texts(case: &Case, belongs: impl Fn(&Measurement) -> bool) -> impl Iterator<Item = (i32, Option<String>)> {
    case.measurements
        .iter()
        .filter(move |measurement| belongs(measurement))
        .map(|measurement| (measurement.measurement_concept_id, measurement.text(&case.vocabulary)))
}

fn with_bmi_renamed(node: Node) -> Node {
    let key = if node.key == BMI { BMI_AS_SHOWN.to_owned() } else { node.key };
    let values = match node.values {
        Values::Nodes(children) => Values::Nodes(children.into_iter().map(with_bmi_renamed).collect()),
        values => values,
    };
    Node { key, values, ..node }
}

/// Returns the names in the entries; `None` without entries. If the end of a path matches two children, the longer name
/// counts.
fn named<'a>(path_config: &'a PathConfig, children: &'a [Node]) -> Option<Vec<&'a str>> {
    let name = |path: &'a str| {
        let keys = || children.iter().map(|child| child.key.as_str());
        let names_nothing = || path.contains('.') && keys().all(|key| key != path);
        keys()
            .filter(|key| is_named_by(key, path))
            .max_by_key(|key| key.len())
            .or_else(|| names_nothing().then_some(path))
    };
    let names: Vec<&str> = path_config.below(PHYSICAL_EXAMINATION).filter_map(|(path, _)| name(path)).collect();
    (!names.is_empty()).then_some(names)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::example::{UNKNOWN, measured, node, section, visit};

    const BMI_CONCEPT_ID: i32 = 40_490_382;

    fn examination(groups: &Value, measurements: Vec<Measurement>, entries: &Value) -> Value {
        let relationships = vec![(41, 42), (41, 43), (41, 43), (41, BMI_CONCEPT_ID)];
        let case = Case { measurements, relationships, ..visit() };
        section(&case, &json!({ "PHYSICAL EXAMINATION": groups }), entries)
    }

    /// Returns the titles shown for a visit with measurements of lungs, both ears and BMI.
    fn filtered(paths: &[&str]) -> Vec<String> {
        let groups = json!({ "a": [51], "b": [52], "c": [53], "d": [BMI_CONCEPT_ID] });
        let rows = [51, 52, 53, BMI_CONCEPT_ID].map(|concept| measured(concept, "1")).into();
        let entries = paths.iter().map(|path| json!({ "path": format!("PHYSICAL EXAMINATION.{path}") })).collect();
        let nodes = examination(&groups, rows, &Value::Array(entries));
        nodes.as_array().into_iter().flatten().filter_map(|node| Some(node["key"].as_str()?.to_owned())).collect()
    }

    #[test]
    fn lists_direct_measurements_under_the_first_concepts_name() {
        let shown = examination(&json!({ "x": [51, 52] }), vec![measured(51, "1"), measured(52, "2")], &json!([]));

        assert_eq!(shown, json!([node("Lungs", json!(["1", "2"]))]));
    }

    #[test]
    fn a_single_measurement_is_a_text_or_null() {
        let groups = json!({ "x": [51], "y": [52] });

        let shown = examination(&groups, vec![measured(51, "36.60"), measured(52, "0.00")], &json!([]));

        assert_eq!(shown, json!([node("Lungs", "36.60"), node("Ext. ear", Value::Null)]));
    }

    #[test]
    fn groups_measurements_of_related_concepts_if_there_are_no_direct_ones() {
        let rows = vec![measured(42, "72"), measured(42, "80"), measured(99, "unrelated")];

        let shown = examination(&json!({ "x": [41] }), rows, &json!([]));

        let vitals = json!([node("Pulse", json!(["72", "80"]))]);
        assert_eq!(shown, json!([node("Vital signs", vitals)]));
    }

    #[test]
    fn orders_related_measurements_by_concept() {
        let rows = vec![measured(43, "36.60"), measured(42, "80"), measured(42, "72")];

        let shown = examination(&json!({ "x": [41] }), rows, &json!([]));

        let temperature = node("Temperature", json!(["36.60", "36.60"]));
        let vitals = json!([node("Pulse", json!(["80", "72"])), temperature]);
        assert_eq!(shown, json!([node("Vital signs", vitals)]));
    }

    #[test]
    fn shows_a_measurement_once_per_relationship() {
        let shown = examination(&json!({ "x": [41] }), vec![measured(43, "36.60")], &json!([]));

        assert_eq!(shown, json!([node("Vital signs", json!([node("Temperature", json!(["36.60", "36.60"]))]))]));
    }

    #[test]
    fn uses_the_configured_key_for_a_missing_title() {
        let shown = examination(&json!({ "Ears": [UNKNOWN, 52] }), vec![measured(52, "1")], &json!([]));

        assert_eq!(shown, json!([node("Ears", "1")]));
    }

    #[test]
    fn omits_a_section_without_measurements() {
        assert_eq!(examination(&json!({ "x": [51], "y": [] }), vec![measured(52, "1")], &json!([])), Value::Null);
    }

    #[test]
    fn shows_all_but_bmi_without_entries() {
        assert_eq!(filtered(&[]), ["Lungs", "Ext. ear", "ear"]);
    }

    #[test]
    fn shows_only_the_named_children() {
        assert_eq!(filtered(&["a.Lungs"]), ["Lungs"]);
        assert_eq!(filtered(&["any.thing.Lungs", "c.ear"]), ["Lungs", "ear"]);
    }

    #[test]
    fn an_entry_that_names_no_child_hides_all() {
        assert_eq!(filtered(&["a.Spleen"]), [""; 0]);
    }

    #[test]
    fn an_entry_that_is_too_short_does_not_filter() {
        assert_eq!(filtered(&["Lungs"]), ["Lungs", "Ext. ear", "ear"]);
        assert_eq!(filtered(&["Ext. ear"]), ["Lungs", "Ext. ear", "ear"]);
    }

    #[test]
    fn names_of_children_may_contain_full_stops() {
        assert_eq!(filtered(&["b.Ext. ear"]), ["Ext. ear"]);
    }

    #[test]
    fn bmi_is_named_as_a_centile_and_shown_as_a_range() {
        assert_eq!(filtered(&["d.BMI (body mass index) centile"]), ["BMI (body mass index) range"]);
    }

    #[test]
    fn bmi_is_shown_below_another_child_and_as_a_range() {
        let shown = examination(&json!({ "x": [41] }), vec![measured(BMI_CONCEPT_ID, "27.4")], &json!([]));

        assert_eq!(shown, json!([node("Vital signs", json!([node("BMI (body mass index) range", "Overweight")]))]));
    }
}
