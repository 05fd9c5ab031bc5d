//! Examples derived from schemas.

use serde_json::{Map, Value, json};

/// Deep enough for every body; needed because schemas may be recursive.
const MAX_DEPTH: usize = 6;

/// Returns a value that matches `schema`; `document` has the referenced components.
pub(crate) fn example(schema: &Value, document: &Value) -> Value {
    at_depth(schema, document, 0)
}

fn at_depth(schema: &Value, document: &Value, depth: usize) -> Value {
    if depth > MAX_DEPTH {
        return Value::Null;
    }
    if let Some(reference) = schema["$ref"].as_str() {
        let target = document.pointer(reference.trim_start_matches('#')).unwrap_or(&Value::Null);
        return at_depth(target, document, depth);
    }
    let own = [&schema["example"], &schema["default"], &schema["enum"][0]];
    if let Some(value) = own.into_iter().find(|value| !value.is_null()) {
        return value.clone();
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let parts = parts.iter().map(|part| at_depth(part, document, depth));
        return Value::Object(parts.filter_map(|part| part.as_object().cloned()).flatten().collect());
    }
    let alternatives = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array());
    if let Some(alternatives) = alternatives {
        let first = alternatives.iter().find(|alternative| alternative["type"] != "null");
        return first.map_or(Value::Null, |first| at_depth(first, document, depth));
    }
    match type_name(schema) {
        Some("object") => Value::Object(properties(schema, document, depth)),
        Some("array") => json!([at_depth(&schema["items"], document, depth + 1)]),
        Some("string") => json!(text(schema["format"].as_str())),
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        Some("boolean") => json!(true),
        Some(_) => Value::Null,
        None => json!({}),
    }
}

/// Returns the schema's type, or the first of several that is not null.
fn type_name(schema: &Value) -> Option<&str> {
    let named = schema["type"].as_array().and_then(|types| types.iter().find(|name| *name != "null"));
    named.unwrap_or(&schema["type"]).as_str()
}

fn properties(schema: &Value, document: &Value, depth: usize) -> Map<String, Value> {
    let named = schema["properties"].as_object().into_iter().flatten();
    let values = named.map(|(name, property)| (name.clone(), at_depth(property, document, depth + 1)));
    let others = schema.get("additionalProperties").filter(|others| others.is_object());
    values.chain(others.map(|others| ("…".to_owned(), at_depth(others, document, depth + 1)))).collect()
}

fn text(format: Option<&str>) -> &'static str {
    match format {
        Some("date") => "2026-03-02",
        Some("date-time") => "2026-03-02T08:00:00Z",
        Some("uuid") => "00000000-0000-4000-8000-000000000000",
        _ => "…",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_has_all_its_properties() {
        let schema = json!({ "type": "object", "properties": {
            "id": { "type": "integer" }, "name": { "type": ["null", "string"] }, "status": { "enum": ["active", "paused"] },
        } });

        assert_eq!(example(&schema, &Value::Null), json!({ "id": 1, "name": "…", "status": "active" }));
    }

    #[test]
    fn a_map_of_maps_terminates() {
        let map = json!({ "type": "object", "additionalProperties": { "$ref": "#/map" } });

        let shown = example(&map, &json!({ "map": map }));

        let deepest = (0..6).fold(&shown, |map, _| &map["…"]);
        assert_eq!(deepest, &json!({ "…": null }));
    }

    #[test]
    fn a_recursive_schema_terminates() {
        let node =
            json!({ "type": "object", "properties": { "values": { "type": "array", "items": { "$ref": "#/node" } } } });

        let shown = example(&node, &json!({ "node": node }));

        assert_eq!(shown["values"][0]["values"][0]["values"][0], json!({ "values": null }));
    }
}
