//! The arms and the case pool of an experiment, in a form that the frontend can show.

use serde_json::Value;
use serde_json::value::RawValue;
use shared::errors::bad_request;
use shared::{ApiError, jsonb};
use utoipa::openapi::schema::{AnyOfBuilder, ArrayBuilder, ObjectBuilder, Schema, Type};

/// Checks that arms are a list; otherwise the frontend's page stays blank. An arm is an object with a `name` or, as in
/// running experiments, the name alone.
pub(crate) fn check_arms(arms: &RawValue) -> Result<(), ApiError> {
    let arms = list("arms", arms)?;
    if arms.is_empty() {
        return Err(bad_request("arms: at least one is needed"));
    }
    match arms.iter().position(|arm| name(arm).is_none_or(|name| name.trim().is_empty())) {
        Some(index) => Err(bad_request(format!("arms[{index}]: expected an object with a name"))),
        None => Ok(()),
    }
}

fn name(arm: &Value) -> Option<&str> {
    arm.as_str().or_else(|| arm.get("name")?.as_str())
}

/// Returns the schema of what [`check_arms`] accepts.
pub(crate) fn schema() -> Schema {
    let name = || ObjectBuilder::new().schema_type(Type::String).pattern(Some(r"\S"));
    let arm = AnyOfBuilder::new().item(ObjectBuilder::new().property("name", name()).required("name")).item(name());
    ArrayBuilder::new().items(arm).min_items(Some(1)).into()
}

/// Checks that the case pool is a list; the form of its cases is up to the researchers and their service.
pub(crate) fn check_case_pool(case_pool: &RawValue) -> Result<(), ApiError> {
    list("case_pool", case_pool).map(|_| ())
}

fn list(field: &str, json: &RawValue) -> Result<Vec<Value>, ApiError> {
    match jsonb::read(field, json)? {
        Value::Array(list) => Ok(list),
        _ => Err(bad_request(format!("{field}: expected a list"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(arms: &str) -> Option<String> {
        let arms = RawValue::from_string(arms.to_owned()).unwrap();
        check_arms(&arms).err().map(|error| error.to_string())
    }

    #[test]
    fn accepts_arms_with_names() {
        assert_eq!(refusal(r#"[{"name": "control", "path_config": []}, {"name": "ai"}]"#), None);
        assert_eq!(refusal(r#"["control", "ai"]"#), None);
    }

    #[test]
    fn names_the_arm_without_a_name() {
        for arm in [r#"{"Name": "ai"}"#, r#"{"name": " "}"#, r#"{"name": 5}"#, "5", "null", "[]", r#""""#] {
            let refused = refusal(&format!(r#"["control", {arm}]"#)).unwrap();
            assert!(refused.ends_with("arms[1]: expected an object with a name"), "{arm}");
        }
    }

    #[test]
    fn refuses_anything_but_a_list_of_arms() {
        for arms in ["[]", r#"{"name": "ai"}"#, r#""ai""#, "1", "true", "null", r#"["\ud800"]"#, "[1e999]"] {
            assert!(refusal(arms).is_some(), "{arms}");
        }
    }
}
