//! Parses YAML with CloudFormation's short tags into JSON with the long forms: `!Ref X` is `{"Ref": "X"}`, `!Sub x` is `{"Fn::Sub": "x"}`.

use saphyr::{LoadableYamlNode, Scalar, ScanError, Yaml};
use serde_json::{Map, Number, Value, json};

/// Why a text is not a template.
#[derive(Debug, thiserror::Error)]
pub enum YamlError {
    /// The text is not YAML, or a mapping has a key twice.
    #[error("not YAML: {0}")]
    Syntax(#[from] ScanError),
    /// The text contains no document, or several.
    #[error("a template is one YAML document, but this text has {0}")]
    Documents(usize),
    /// Something that YAML allows and CloudFormation does not.
    #[error("CloudFormation does not allow {0}")]
    Unsupported(String),
}

/// Parses one document. Keys keep their order.
pub(super) fn parse(text: &str) -> Result<Value, YamlError> {
    let documents = Yaml::load_from_str(text)?;
    match documents.as_slice() {
        [document] => to_json(document),
        several => Err(YamlError::Documents(several.len())),
    }
}

fn to_json(node: &Yaml) -> Result<Value, YamlError> {
    match node {
        Yaml::Value(scalar) => scalar_to_json(scalar),
        Yaml::Sequence(items) => items.iter().map(to_json).collect(),
        Yaml::Mapping(entries) => {
            let mut map = Map::new();
            for (key, value) in entries {
                map.insert(key_to_text(key)?, to_json(value)?);
            }
            Ok(Value::Object(map))
        }
        Yaml::Tagged(tag, argument) => Ok(long_form(&tag.suffix, to_json(argument)?)),
        Yaml::Representation(..) | Yaml::Alias(_) | Yaml::BadValue => {
            Err(YamlError::Unsupported("aliases or unresolved values".into()))
        }
    }
}

fn scalar_to_json(scalar: &Scalar) -> Result<Value, YamlError> {
    Ok(match scalar {
        Scalar::Null => Value::Null,
        Scalar::Boolean(value) => json!(value),
        Scalar::Integer(value) => json!(value),
        Scalar::FloatingPoint(value) => Number::from_f64(value.into_inner())
            .map(Value::Number)
            .ok_or_else(|| YamlError::Unsupported(format!("the number {value}")))?,
        Scalar::String(value) => json!(value),
    })
}

fn key_to_text(key: &Yaml) -> Result<String, YamlError> {
    match to_json(key)? {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        other => Err(YamlError::Unsupported(format!("the key {other}"))),
    }
}

fn long_form(tag: &str, argument: Value) -> Value {
    let function = match tag {
        "Ref" | "Condition" => tag.to_owned(),
        name => format!("Fn::{name}"),
    };
    let argument = match (tag, &argument) {
        ("GetAtt", Value::String(path)) => {
            let (resource, attribute) = path.split_once('.').unwrap_or((path, ""));
            json!([resource, attribute])
        }
        _ => argument,
    };
    json!({ function: argument })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_tags_become_long_forms() {
        let document = parse("a: !Ref X\nb: !GetAtt X.Y.Z\nc: !If [C, !Sub '${X}', !Ref 'AWS::NoValue']").unwrap();

        assert_eq!(
            document,
            json!({
                "a": {"Ref": "X"},
                "b": {"Fn::GetAtt": ["X", "Y.Z"]},
                "c": {"Fn::If": ["C", {"Fn::Sub": "${X}"}, {"Ref": "AWS::NoValue"}]},
            })
        );
    }

    #[test]
    fn quoted_scalars_stay_text() {
        assert_eq!(
            parse("{a: 'true', b: true, c: '200', d: 200}").unwrap(),
            json!({"a": "true", "b": true, "c": "200", "d": 200})
        );
    }

    #[test]
    fn a_duplicate_key_is_refused() {
        let error = parse("Resources: {A: 1}\nResources: {B: 2}").unwrap_err();

        assert!(error.to_string().contains("duplicated key"), "{error}");
    }
}
