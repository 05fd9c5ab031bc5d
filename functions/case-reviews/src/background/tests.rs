use serde_json::{Value, json};

use crate::case::Case;
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
    let entries = json!([{ "path": "BACKGROUND.Social History.Tobacco.Ex-smoker", "style": { "highlight": true } }]);

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
