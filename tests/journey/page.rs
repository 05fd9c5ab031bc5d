//! Checks that the frontend can show a case instead of a blank page (contract, section 8).

use serde_json::Value;

/// Fails if the page of this case would be blank or broken.
pub fn check(review: &Value) {
    assert!(review["caseNumber"].as_str().is_some_and(|number| !number.is_empty()), "caseNumber");
    assert!(review["personName"].is_string(), "personName");
    for section in array(&review["details"], "details") {
        let key = section["key"].as_str().unwrap();
        array(&section["values"], key);
        check_node(section, key);
    }
    for node in array(&review["importantInfos"], "importantInfos") {
        check_node(node, "importantInfos");
    }
    if let Some(score) = ai_score(review) {
        assert!(score.contains(':'), "the AI score is text with a colon");
    }
}

/// Returns the text of the AI score, which is the last of `importantInfos`.
pub fn ai_score(review: &Value) -> Option<&str> {
    let last = review["importantInfos"].as_array()?.last()?;
    let is_score = last["key"].as_str()?.starts_with("AI CRC Risk Score");
    is_score.then(|| last["values"][0].as_str().unwrap())
}

/// Returns every text of a section with its path of keys: `BACKGROUND.Medical History.Fatigue: Yes`.
pub fn paths(section: &Value) -> Vec<String> {
    let key = section["key"].as_str().unwrap();
    let below = match &section["values"] {
        Value::Array(values) => values.iter().flat_map(path_or_paths).collect(),
        text => path_or_paths(text),
    };
    below.into_iter().map(|path| format!("{key}.{path}")).collect()
}

fn path_or_paths(value: &Value) -> Vec<String> {
    value.as_str().map_or_else(|| paths(value), |text| vec![text.to_owned()])
}

/// Returns the section with this name.
pub fn section<'a>(review: &'a Value, name: &str) -> Option<&'a Value> {
    review["details"].as_array()?.iter().find(|section| section["key"] == name)
}

fn check_node(node: &Value, place: &str) {
    let key = node["key"].as_str().unwrap_or_else(|| panic!("{place}: a node without a key"));
    let place = format!("{place}.{key}");
    assert!(node["style"].is_null() || node["style"].is_object(), "{place}: style");
    match &node["values"] {
        Value::String(_) => {}
        Value::Array(values) => values.iter().for_each(|value| match value {
            Value::String(_) => {}
            Value::Object(_) => check_node(value, &place),
            odd => panic!("{place}: a list contains {odd}"),
        }),
        odd => panic!("{place}: {odd}"),
    }
}

fn array<'a>(value: &'a Value, place: &str) -> &'a Vec<Value> {
    value.as_array().unwrap_or_else(|| panic!("{place} is not a list"))
}
