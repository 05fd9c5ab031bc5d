//! Rules about a case tree (contract section 4). Each changes the old tree to match the new one in what the rule is about, and nowhere
//! else.

use serde_json::{Value, json};

use crate::compare::question::Question;

/// The old system filters a category with one value letter by letter, and shows nothing of a nested one.
pub fn single_value(question: &Question, old: &mut Value, new: &mut Value) {
    each_category(old, new, |old, new| {
        let (Some(old), Some(new)) = (old["values"].as_array(), new["values"].as_array()) else { return false };
        let are_letters = old.iter().all(|value| value.as_str().is_some_and(|text| text.chars().count() < 2));
        let is_nested = question.has_deep_paths && old.is_empty() && new.iter().any(Value::is_object);
        let is_single = new.len() <= 1 && new.iter().all(Value::is_string) && old != new;
        are_letters && (is_nested || is_single)
    });
}

/// The old system splits a path at every full stop, so it does not find the value, and ignores the entry's style.
pub fn full_stop(question: &Question, old: &mut Value, new: &mut Value) {
    if question.has_deep_paths {
        each_category(old, new, |old, new| {
            let (Some(old), Some(new)) = (old["values"].as_array(), new["values"].as_array()) else { return false };
            let has_full_stop = |value: &Value| value.as_str().is_some_and(|text| text.contains('.'));
            new.iter().all(|value| old.contains(value) || has_full_stop(value))
                && old.iter().all(|value| new.contains(value))
        });
    }
    if let (Some(old), Some(new)) = (score(old), score(new)) {
        let (Some(cut), Some(whole)) = (old[0].as_str(), new[0].as_str()) else { return };
        if whole.contains(": ") && whole.ends_with(&format!(".{cut}")) {
            *old = new.clone();
        }
    }
}

/// Replaces those categories of `BACKGROUND` in the old tree whose difference is explained. Removes them from the important information of
/// both trees, which is derived from the categories.
fn each_category(old: &mut Value, new: &mut Value, explains: impl Fn(&Value, &Value) -> bool) {
    let mut explained = Vec::new();
    let sections =
        nodes(old, "/data/details").into_iter().flatten().zip(nodes(new, "/data/details").into_iter().flatten());
    for (old, new) in sections.filter(|(old, new)| old["key"] == "BACKGROUND" && new["key"] == "BACKGROUND") {
        let categories = nodes(old, "/values").into_iter().flatten().zip(nodes(new, "/values").into_iter().flatten());
        for (old, new) in categories.filter(|(old, new)| old["key"] == new["key"] && old != new) {
            if explains(old, new) {
                add_keys(new, &mut explained);
                *old = new.clone();
            }
        }
    }
    for tree in [old, new] {
        nodes(tree, "/data/importantInfos").into_iter().for_each(|infos| {
            infos.retain(|info| !explained.contains(&info["key"]));
        });
    }
}

/// Collects the keys of a node and its descendants.
fn add_keys(node: &Value, keys: &mut Vec<Value>) {
    keys.extend(node.get("key").cloned());
    node["values"].as_array().into_iter().flatten().for_each(|node| add_keys(node, keys));
}

fn nodes<'a>(tree: &'a mut Value, place: &str) -> Option<&'a mut Vec<Value>> {
    tree.pointer_mut(place)?.as_array_mut()
}

/// The old system shows a measurement once for each relationship to its parent.
pub fn measurements_once(_: &Question, old: &mut Value, new: &mut Value) {
    let sections =
        nodes(old, "/data/details").into_iter().flatten().zip(nodes(new, "/data/details").into_iter().flatten());
    for (old, new) in sections.filter(|(old, new)| old["key"] == "PHYSICAL EXAMINATION" && new["key"] == old["key"]) {
        once(old, new);
    }
}

/// Copies the values of the new node to the old one if they are the same ones, each repeated equally often.
fn once(old: &mut Value, new: &Value) {
    if old["key"] != new["key"] || old["values"] == new["values"] {
        return;
    }
    let Some(repeated) = old["values"].as_array_mut() else { return };
    if repeated.first().is_some_and(Value::is_object) {
        repeated.iter_mut().zip(new["values"].as_array().into_iter().flatten()).for_each(|(old, new)| once(old, new));
        return;
    }
    // a single value is stored directly, several as a list
    let single = std::slice::from_ref(&new["values"]);
    let values = new["values"].as_array().map_or(single, Vec::as_slice);
    let times = repeated.len() / values.len().max(1);
    let mut rest = repeated.clone();
    let mut take = |value| rest.iter().position(|other| other == value).map(|place| rest.remove(place)).is_some();
    let are_all_there = (0..times).all(|_| values.iter().all(&mut take));
    if times > 1 && are_all_there && rest.is_empty() {
        old["values"] = new["values"].clone();
    }
}

/// An `N/A` alone leaves the old system's page blank.
pub fn ai_score(_: &Question, old: &mut Value, new: &mut Value) {
    if let (Some(old), Some(new)) = (score(old), score(new))
        && (&*old, &*new) == (&json!(["N/A"]), &json!(["AI-Predicted CRC Risk Score: N/A"]))
    {
        *old = new.clone();
    }
}

/// Returns the values of the AI score, which is the last entry of the important information.
fn score(tree: &mut Value) -> Option<&mut Value> {
    let last = nodes(tree, "/data/importantInfos")?.last_mut()?;
    last["key"].as_str()?.starts_with("AI CRC Risk Score").then(|| &mut last["values"])
}

#[cfg(test)]
mod tests {
    use super::super::explaining;
    use super::*;
    use crate::compare::answer::{Answer, Body};
    use crate::compare::question::{Caller, Question};
    use crate::compare::rules::answer_pair::AnswerPair;

    #[expect(clippy::needless_pass_by_value, reason = "its callers create the value")]
    fn review(details: Value, important: Value) -> Answer {
        let body = Body::Json(json!({"data": {"details": details, "importantInfos": important}}));
        Answer::new(200, "application/json", body)
    }

    #[expect(clippy::needless_pass_by_value, reason = "its callers create the value")]
    fn node(key: &str, values: Value) -> Value {
        json!({"key": key, "values": values, "style": {}})
    }

    fn section(name: &str, values: Value) -> Answer {
        review(json!([node(name, json!([node("Key", values)]))]), json!([]))
    }

    fn rules(old: &Answer, new: &Answer) -> Vec<&'static str> {
        let question = Question::get("GET /api/case-reviews/{id}", "a test", "/api/case-reviews/1", Caller::Nobody);
        let question = Question { has_deep_paths: true, ..question };
        explaining(&AnswerPair { question: &question, old, new })
    }

    #[test]
    fn a_single_value_that_was_filtered_by_letter_is_forgiven() {
        let [old, new] = [json!(["a", " "]), json!(["a value"])].map(|values| section("BACKGROUND", values));

        assert_eq!(rules(&old, &new), ["single-value"]);
    }

    #[test]
    fn letters_of_an_unselected_single_value_are_forgiven() {
        let [old, new] = [json!(["a"]), json!([])].map(|values| section("BACKGROUND", values));

        assert_eq!(rules(&old, &new), ["single-value"]);
    }

    #[test]
    fn a_nested_category_and_its_important_information_are_forgiven() {
        let leaf = node("Leaf", json!(["a value"]));
        let old = section("BACKGROUND", json!([]));
        let nested = json!([node("Key", json!([leaf]))]);
        let new = review(json!([node("BACKGROUND", nested)]), json!([leaf]));

        assert_eq!(rules(&old, &new), ["single-value"]);
    }

    #[test]
    fn without_deep_paths_nested_categories_are_not_forgiven() {
        let question = Question::get("GET /api/case-reviews/{id}", "a test", "/api/case-reviews/1", Caller::Nobody);
        let [old, new] = [json!([]), json!([node("Leaf", json!(["a"]))])].map(|values| section("BACKGROUND", values));

        assert!(explaining(&AnswerPair { question: &question, old: &old, new: &new }).is_empty());
    }

    #[test]
    fn a_value_with_a_full_stop_is_forgiven() {
        let [old, new] = [json!(["one"]), json!(["one", "7.5"])].map(|values| section("BACKGROUND", values));

        assert_eq!(rules(&old, &new), ["full-stop"]);
    }

    #[test]
    fn a_score_cut_at_its_full_stop_is_forgiven() {
        let key = "AI CRC Risk Score (<6: Low; 6-11: Medium; >11: High)";
        let [old, new, other] =
            ["5", "Predicted Colorectal Cancer Score: 7.5", "Predicted Colorectal Cancer Score: 7.6"]
                .map(|score| review(json!([]), json!([node(key, json!([score]))])));

        assert_eq!(rules(&old, &new), ["full-stop"]);
        assert!(rules(&old, &other).is_empty());
    }

    #[test]
    fn a_different_value_is_a_difference() {
        let [old, new] = [json!(["one", "two"]), json!(["one", "other"])].map(|values| section("BACKGROUND", values));

        assert!(rules(&old, &new).is_empty());
    }

    #[test]
    fn a_repeated_measurement_is_forgiven() {
        let [old, new] = [json!(["36.6", "36.6"]), json!("36.6")].map(|values| section("PHYSICAL EXAMINATION", values));

        assert_eq!(rules(&old, &new), ["measurements-once"]);
    }

    #[test]
    fn measurements_that_the_new_system_repeats_or_loses_are_a_difference() {
        for (old, new) in
            [(json!(["1", "2"]), json!(["1", "1", "2", "2"])), (json!(["1", "1", "2", "2"]), json!(["1"]))]
        {
            let [old, new] = [old, new].map(|values| section("PHYSICAL EXAMINATION", values));
            assert!(rules(&old, &new).is_empty(), "{old:?}");
        }
    }

    #[test]
    fn two_repeated_measurements_are_forgiven() {
        let [old, new] =
            [json!(["1", "2", "1", "2"]), json!(["1", "2"])].map(|values| section("PHYSICAL EXAMINATION", values));

        assert_eq!(rules(&old, &new), ["measurements-once"]);
    }

    #[test]
    fn a_missing_score_is_forgiven() {
        let [old, new] = ["N/A", "AI-Predicted CRC Risk Score: N/A"]
            .map(|score| review(json!([]), json!([node("AI CRC Risk Score (<6: Low)", json!([score]))])));

        assert_eq!(rules(&old, &new), ["ai-score-n-a"]);
    }

    #[test]
    fn a_different_score_is_a_difference() {
        let [old, new] = ["Score: 1", "Score: 2"].map(|score| review(json!([]), json!([node("AI", json!([score]))])));

        assert!(rules(&old, &new).is_empty());
    }
}
