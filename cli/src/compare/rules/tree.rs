//! Rules about a case tree (contract section 4): each changes both trees where they differ by what the rule is about, and nowhere else.

use serde_json::{Value, json};

/// The old system filters a category with one value letter by letter, and drops nested ones.
pub fn single_value(old: &mut Value, new: &mut Value) {
    let is_mangled =
        |values: &[Value]| values.iter().all(|value| value.as_str().is_some_and(|text| text.chars().count() < 2));
    let is_whole = |values: &[Value]| values.iter().any(Value::is_object) || values.len() == 1;
    each_background(old, new, |old, new| is_mangled(old) && is_whole(new));
}

/// The old system cuts a path at every full stop, and does not find the value.
pub fn full_stop(old: &mut Value, new: &mut Value) {
    each_background(old, new, |old, new| {
        let added: Vec<_> = new.iter().filter(|value| !old.contains(value)).collect();
        let has_full_stop = |value: &&Value| value.as_str().is_some_and(|text| text.contains('.'));
        !added.is_empty() && added.iter().all(has_full_stop) && old.iter().all(|value| new.contains(value))
    });
}

/// Gives the old category the new values where `forgives` holds, and likewise in the list of important values.
fn each_background(old: &mut Value, new: &mut Value, forgives: impl Fn(&[Value], &[Value]) -> bool) {
    for list in ["/data/details", "/data/importantInfos"] {
        let (Some(old), Some(new)) = (nodes(old, list), nodes(new, list)) else { continue };
        let is_details = list.ends_with("details");
        for (old, new) in old.iter_mut().zip(new) {
            if !is_details {
                forgive(old, new, &forgives);
            } else if old["key"] == "BACKGROUND"
                && let (Some(old), Some(new)) = (nodes(old, "/values"), nodes(new, "/values"))
            {
                old.iter_mut().zip(new).for_each(|(old, new)| forgive(old, new, &forgives));
            }
        }
    }
}

fn nodes<'a>(tree: &'a mut Value, place: &str) -> Option<&'a mut Vec<Value>> {
    tree.pointer_mut(place)?.as_array_mut()
}

fn forgive(old: &mut Value, new: &Value, forgives: impl Fn(&[Value], &[Value]) -> bool) {
    if old["key"] != new["key"] || old["values"] == new["values"] {
        return;
    }
    if let (Some(old_values), Some(new_values)) = (old["values"].as_array(), new["values"].as_array())
        && forgives(old_values, new_values)
    {
        old["values"] = new["values"].clone();
    }
}

/// The old system shows a measurement once for each relationship to its parent.
pub fn measurements_once(old: &mut Value, new: &mut Value) {
    for tree in [old, new] {
        for section in nodes(tree, "/data/details").into_iter().flatten() {
            if section["key"] == "PHYSICAL EXAMINATION" {
                nodes(section, "/values").into_iter().flatten().for_each(once);
            }
        }
    }
}

fn once(node: &mut Value) {
    let Some(values) = node.get_mut("values").and_then(Value::as_array_mut) else { return };
    values.iter_mut().for_each(once);
    let mut seen: Vec<Value> = Vec::new();
    for value in values.drain(..) {
        if value.is_object() || !seen.contains(&value) {
            seen.push(value);
        }
    }
    if seen.len() == 1 && seen[0].is_string() {
        node["values"] = seen.remove(0);
    } else {
        node["values"] = Value::Array(seen);
    }
}

/// The old system's `N/A` alone leaves the page blank.
pub fn ai_score(old: &mut Value, new: &mut Value) {
    let last = |tree: &mut Value| Some(nodes(tree, "/data/importantInfos")?.last_mut()?["values"].take());
    let (is_blank, is_said) = (json!(["N/A"]), json!(["AI-Predicted CRC Risk Score: N/A"]));
    let (of_old, of_new) = (old.pointer("/data/importantInfos"), new.pointer("/data/importantInfos"));
    let values = |infos: Option<&Value>| infos.and_then(|infos| Some(infos.as_array()?.last()?["values"].clone()));
    if (values(of_old), values(of_new)) == (Some(is_blank), Some(is_said)) {
        last(old);
        last(new);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Answer, Body, Meeting, explaining};
    use super::*;
    use crate::compare::question::{Caller, Question};

    fn review(details: Value, important: Value) -> Answer {
        let body = Body::Json(json!({"data": {"details": details, "importantInfos": important}}));
        Answer { status: 200, media_type: "application/json".to_owned(), has_token: true, body }
    }

    fn node(key: &str, values: Value) -> Value {
        json!({"key": key, "values": values, "style": {}})
    }

    fn section(name: &str, values: Value) -> Answer {
        review(json!([node(name, json!([node("Key", values)]))]), json!([]))
    }

    fn rules(old: &Answer, new: &Answer) -> Vec<&'static str> {
        let question = Question::get("GET /api/case-reviews/{id}", "a test", "/api/case-reviews/1", Caller::Nobody);
        explaining(&Meeting { question: &question, old, new })
    }

    #[test]
    fn a_single_value_that_was_filtered_letter_by_letter() {
        let [old, new] = [json!(["a", " "]), json!(["a value"])].map(|values| section("BACKGROUND", values));

        assert_eq!(rules(&old, &new), ["single-value"]);
    }

    #[test]
    fn a_value_with_a_full_stop() {
        let [old, new] = [json!(["one"]), json!(["one", "7.5"])].map(|values| section("BACKGROUND", values));

        assert_eq!(rules(&old, &new), ["full-stop"]);
    }

    #[test]
    fn another_value_is_a_difference() {
        let [old, new] = [json!(["one", "two"]), json!(["one", "other"])].map(|values| section("BACKGROUND", values));

        assert!(rules(&old, &new).is_empty());
    }

    #[test]
    fn a_measurement_that_was_doubled() {
        let [old, new] = [json!(["36.6", "36.6"]), json!("36.6")].map(|values| section("PHYSICAL EXAMINATION", values));

        assert_eq!(rules(&old, &new), ["measurements-once"]);
    }

    #[test]
    fn a_score_that_is_missing() {
        let [old, new] = ["N/A", "AI-Predicted CRC Risk Score: N/A"]
            .map(|score| review(json!([]), json!([node("AI", json!([score]))])));

        assert_eq!(rules(&old, &new), ["ai-score-n-a"]);
    }

    #[test]
    fn another_score_is_a_difference() {
        let [old, new] = ["Score: 1", "Score: 2"].map(|score| review(json!([]), json!([node("AI", json!([score]))])));

        assert!(rules(&old, &new).is_empty());
    }
}
