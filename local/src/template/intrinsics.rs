//! CloudFormation's intrinsic functions, as far as routing and functions need them. An unknown one is an error.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use super::arn::{ACCOUNT, REGION, alias_arn, function_arn, target_group_arn};

const STACK: &str = "augmed-local";

/// Everything that a reference can name.
pub(super) struct Scope<'a> {
    /// Values of parameters by name.
    pub parameters: BTreeMap<String, String>,
    /// The sections of the template.
    pub conditions: &'a Map<String, Value>,
    pub mappings: &'a Map<String, Value>,
    /// Type of every resource, by logical name.
    pub resources: HashMap<&'a str, &'a str>,
}

type Resolved = Result<Option<Value>, String>;

impl Scope<'_> {
    /// Evaluates every function in `value`. `None` is `AWS::NoValue`: the property or item is left out.
    pub fn resolve(&self, value: &Value) -> Resolved {
        match value {
            Value::Array(items) => {
                let resolved: Result<Vec<_>, _> = items.iter().map(|item| self.resolve(item)).collect();
                Ok(Some(resolved?.into_iter().flatten().collect()))
            }
            Value::Object(map) => match single_entry(map) {
                Some(("Ref", name)) => self.reference(name),
                Some((function, argument)) if function.starts_with("Fn::") => self.call(function, argument),
                _ => self.resolve_map(map),
            },
            scalar => Ok(Some(scalar.clone())),
        }
    }

    fn resolve_map(&self, map: &Map<String, Value>) -> Resolved {
        let mut resolved = Map::new();
        for (key, value) in map {
            if let Some(value) = self.resolve(value).map_err(|problem| format!("{key}: {problem}"))? {
                resolved.insert(key.clone(), value);
            }
        }
        Ok(Some(Value::Object(resolved)))
    }

    fn call(&self, function: &str, argument: &Value) -> Resolved {
        match (function, argument) {
            ("Fn::GetAtt", Value::Array(path)) => self.attribute(path),
            ("Fn::Sub", _) => self.substitute(argument),
            ("Fn::If", Value::Array(branches)) => match branches.as_slice() {
                [Value::String(name), then, otherwise] => {
                    self.resolve(if self.condition(name)? { then } else { otherwise })
                }
                _ => Err("Fn::If takes a condition and two values".into()),
            },
            ("Fn::Join", Value::Array(parts)) => match parts.as_slice() {
                [Value::String(separator), list] => Ok(Some(Value::from(self.texts(list)?.join(separator)))),
                _ => Err("Fn::Join takes a separator and a list".into()),
            },
            ("Fn::Split", Value::Array(parts)) => match parts.as_slice() {
                [Value::String(separator), text] => {
                    Ok(Some(self.text(text)?.split(separator.as_str()).map(Value::from).collect()))
                }
                _ => Err("Fn::Split takes a separator and a text".into()),
            },
            ("Fn::Select", Value::Array(parts)) => match parts.as_slice() {
                [index, list] => self.select(index, list),
                _ => Err("Fn::Select takes an index and a list".into()),
            },
            ("Fn::FindInMap", Value::Array(keys)) => self.find_in_map(keys),
            _ => Err(format!("{function} is not supported here")),
        }
    }

    fn reference(&self, name: &Value) -> Resolved {
        let name = name.as_str().ok_or("Ref takes a name")?;
        if name == "AWS::NoValue" {
            return Ok(None);
        }
        self.named(name).map(|text| Some(Value::from(text)))
    }

    /// Returns the result of `Ref`: a parameter's value, or a resource's identifier.
    fn named(&self, name: &str) -> Result<String, String> {
        if let Some(value) = self.parameters.get(name) {
            return Ok(value.clone());
        }
        if let Some(value) = pseudo_parameter(name) {
            return Ok(value.to_owned());
        }
        match self.resources.get(name) {
            Some(&"AWS::ElasticLoadBalancingV2::TargetGroup") => Ok(target_group_arn(name)),
            // the logical name, which `Template::function` accepts
            Some(&("AWS::Serverless::Function" | "AWS::Logs::LogGroup")) => Ok(name.to_owned()),
            Some(kind) => Err(format!("a reference to {name} ({kind}) is not supported here")),
            // SAM's syntax for the alias of a function
            None => match name.strip_suffix(".Alias").map(|function| (function, self.resources.get(function))) {
                Some((function, Some(&"AWS::Serverless::Function"))) => Ok(alias_arn(&function_arn(function))),
                _ => Err(format!("{name} is neither a resource nor a parameter with a value")),
            },
        }
    }

    fn attribute(&self, path: &[Value]) -> Resolved {
        let [Value::String(resource), Value::String(attribute)] = path else {
            return Err("Fn::GetAtt takes a resource and an attribute".into());
        };
        match (self.resources.get(resource.as_str()), attribute.as_str()) {
            (Some(&"AWS::Serverless::Function"), "Arn") => Ok(Some(Value::from(function_arn(resource)))),
            (Some(&"AWS::ElasticLoadBalancingV2::TargetGroup"), "TargetGroupArn") => {
                Ok(Some(Value::from(target_group_arn(resource))))
            }
            (Some(kind), _) => Err(format!("{resource}.{attribute} ({kind}) is not supported here")),
            (None, _) => Err(format!("there is no resource {resource}")),
        }
    }

    fn substitute(&self, argument: &Value) -> Resolved {
        let (template, variables) = match argument {
            Value::String(template) => (template.as_str(), None),
            Value::Array(parts) => match parts.as_slice() {
                [Value::String(template), Value::Object(variables)] => (template.as_str(), Some(variables)),
                _ => return Err("Fn::Sub takes a text, or a text and variables".into()),
            },
            _ => return Err("Fn::Sub takes a text".into()),
        };
        let mut text = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}').ok_or_else(|| format!("`${{` without `}}` in {template}"))?;
            text.push_str(before);
            match (name.strip_prefix('!'), variables.and_then(|known| known.get(name)), name.split_once('.')) {
                (Some(literal), _, _) => text.extend(["${", literal, "}"]),
                (None, Some(variable), _) => text.push_str(&self.text(variable)?),
                (None, None, Some((resource, attribute))) => {
                    text.push_str(&self.text(&serde_json::json!({"Fn::GetAtt": [resource, attribute]}))?);
                }
                (None, None, None) => text.push_str(&self.named(name)?),
            }
            rest = after;
        }
        text.push_str(rest);
        Ok(Some(Value::from(text)))
    }

    fn select(&self, index: &Value, list: &Value) -> Resolved {
        let index: usize = self.text(index)?.parse().map_err(|_| "the index of Fn::Select is not a number")?;
        let items = self.texts(list)?;
        let item = items.get(index).ok_or_else(|| format!("Fn::Select has no item {index}"))?;
        Ok(Some(Value::from(item.as_str())))
    }

    fn find_in_map(&self, keys: &[Value]) -> Resolved {
        let [map, first, second] = keys else {
            return Err("Fn::FindInMap takes a map and two keys".into());
        };
        let (map, first, second) = (self.text(map)?, self.text(first)?, self.text(second)?);
        let value = self.mappings.get(&map).and_then(|map| map.get(&first)?.get(&second));
        value.cloned().map(Some).ok_or_else(|| format!("there is no {map}.{first}.{second} in Mappings"))
    }

    /// Returns whether the condition with this name holds.
    pub fn condition(&self, name: &str) -> Result<bool, String> {
        let condition = self.conditions.get(name).ok_or_else(|| format!("there is no condition {name}"))?;
        self.holds(condition).map_err(|problem| format!("condition {name}: {problem}"))
    }

    fn holds(&self, condition: &Value) -> Result<bool, String> {
        let entry = condition.as_object().and_then(single_entry);
        match entry {
            Some(("Condition", Value::String(name))) => self.condition(name),
            Some(("Fn::Equals", Value::Array(sides))) => match sides.as_slice() {
                [left, right] => Ok(self.text(left)? == self.text(right)?),
                _ => Err("Fn::Equals takes two values".into()),
            },
            Some(("Fn::Not", Value::Array(inner))) => match inner.as_slice() {
                [inner] => Ok(!self.holds(inner)?),
                _ => Err("Fn::Not takes one condition".into()),
            },
            Some(("Fn::And", Value::Array(all))) => all.iter().try_fold(true, |sum, one| Ok(sum & self.holds(one)?)),
            Some(("Fn::Or", Value::Array(any))) => any.iter().try_fold(false, |sum, one| Ok(sum | self.holds(one)?)),
            _ => Err(format!("{condition} is not supported here")),
        }
    }

    fn text(&self, value: &Value) -> Result<String, String> {
        match self.resolve(value)? {
            Some(Value::String(text)) => Ok(text),
            Some(Value::Number(number)) => Ok(number.to_string()),
            Some(Value::Bool(flag)) => Ok(flag.to_string()),
            other => Err(format!("{} is not a text", other.unwrap_or(Value::Null))),
        }
    }

    /// Returns a list of texts. The value of a list parameter is one comma-separated text.
    fn texts(&self, value: &Value) -> Result<Vec<String>, String> {
        match self.resolve(value)? {
            Some(Value::Array(items)) => items.iter().map(|item| self.text(item)).collect(),
            Some(Value::String(list)) => Ok(list.split(',').map(|item| item.trim().to_owned()).collect()),
            other => Err(format!("{} is not a list", other.unwrap_or(Value::Null))),
        }
    }
}

fn single_entry(map: &Map<String, Value>) -> Option<(&str, &Value)> {
    let mut entries = map.iter();
    let (key, value) = entries.next()?;
    entries.next().is_none().then_some((key.as_str(), value))
}

fn pseudo_parameter(name: &str) -> Option<&'static str> {
    Some(match name {
        "AWS::AccountId" => ACCOUNT,
        "AWS::Partition" => "aws",
        "AWS::Region" => REGION,
        "AWS::StackName" => STACK,
        "AWS::URLSuffix" => "amazonaws.com",
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
