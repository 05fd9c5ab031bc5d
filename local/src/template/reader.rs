use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

use super::error::TemplateError;
use super::intrinsics::Scope;
use super::model::{Function, LogGroup, Template};
use super::properties::{
    self, FunctionProperties, LogGroupProperties, NestedStackParameters, PermissionProperties, RuleProperties,
    TargetGroupProperties,
};
use super::yaml;

impl Template {
    /// Reads a template file; `parameters` override its defaults.
    pub fn read(path: &Path, parameters: &BTreeMap<String, String>) -> Result<Self, TemplateError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| TemplateError::File { path: path.to_owned(), source })?;
        Self::parse(&text, parameters)
    }

    /// Reads the text of a template; `parameters` override its defaults.
    pub fn parse(text: &str, parameters: &BTreeMap<String, String>) -> Result<Self, TemplateError> {
        let document = yaml::parse(text)?;
        let empty = Map::new();
        let section = |name: &str| document.get(name).and_then(Value::as_object).unwrap_or(&empty);
        let resources = section("Resources");
        let scope = Scope {
            parameters: values(section("Parameters"), parameters)?,
            conditions: section("Conditions"),
            mappings: section("Mappings"),
            resources: resources.iter().map(|(name, resource)| (name.as_str(), kind(resource))).collect(),
        };
        let reader = Reader { scope, resources, function_defaults: document.pointer("/Globals/Function") };
        let mut template = Self::default();
        for (key, resource) in resources {
            reader
                .add(&mut template, key, resource)
                .map_err(|problem| TemplateError::Resource { resource: key.clone(), problem })?;
        }
        template.rules.sort_by_key(|rule| rule.priority);
        Ok(template)
    }
}

/// Returns every parameter that has a value: the given one, or its default.
fn values(
    declared: &Map<String, Value>,
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, TemplateError> {
    if let Some(unknown) = given.keys().find(|name| !declared.contains_key(*name)) {
        return Err(TemplateError::UnknownParameter(unknown.clone()));
    }
    let defaults =
        declared.iter().filter_map(|(name, parameter)| Some((name.clone(), text(parameter.get("Default")?))));
    Ok(defaults.chain(given.clone()).collect())
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

fn kind(resource: &Value) -> &str {
    resource.get("Type").and_then(Value::as_str).unwrap_or_default()
}

struct Reader<'a> {
    scope: Scope<'a>,
    resources: &'a Map<String, Value>,
    function_defaults: Option<&'a Value>,
}

impl Reader<'_> {
    fn add(&self, template: &mut Template, key: &str, resource: &Value) -> Result<(), String> {
        if let Some(condition) = resource.get("Condition")
            && !self.scope.condition(condition.as_str().ok_or("Condition is not a name")?)?
        {
            return Ok(());
        }
        let empty = Map::new();
        let own = resource.get("Properties").and_then(Value::as_object).unwrap_or(&empty);
        match kind(resource) {
            "AWS::Serverless::Function" => template.functions.push(self.function(key, resource, own)?),
            "AWS::ElasticLoadBalancingV2::TargetGroup" => {
                let properties: TargetGroupProperties = self.read(own, &TargetGroupProperties::READ)?;
                template.target_groups.push(properties.into_target_group(key, depends_on(resource)));
            }
            "AWS::Lambda::Permission" => {
                let properties: PermissionProperties = self.read(own, &PermissionProperties::READ)?;
                template.permissions.push(properties.into_permission(key));
            }
            "AWS::ElasticLoadBalancingV2::ListenerRule" => {
                let mut own = own.clone();
                let listener = own.remove("ListenerArn").ok_or("ListenerArn is missing")?;
                let properties: RuleProperties = properties::read(self.resolve(&Value::Object(own))?)?;
                template.rules.push(properties.into_rule(key, listener.to_string())?);
            }
            "AWS::Serverless::Application" => {
                let given = own.get("Parameters").and_then(Value::as_object).unwrap_or(&empty);
                let given: NestedStackParameters = self.read(given, &NestedStackParameters::READ)?;
                template.watched.extend(given.function_log_group);
            }
            "Custom::SchemaMigration" => template.migrations.push(key.to_owned()),
            _ => {}
        }
        Ok(())
    }

    fn function(&self, key: &str, resource: &Value, own: &Map<String, Value>) -> Result<Function, String> {
        let mut merged = self.function_defaults.cloned().unwrap_or_else(|| Value::Object(Map::new()));
        merge(&mut merged, &Value::Object(own.clone()));
        let merged = merged.as_object().ok_or("Globals.Function is not a mapping")?;
        let binary = resource.pointer("/Metadata/BuildProperties/Binary").and_then(Value::as_str);
        let properties: FunctionProperties = self.read(merged, &FunctionProperties::READ)?;
        Ok(Function {
            unreadable_secrets: self.unreadable_secrets(merged)?,
            log_group: self.log_group(merged)?,
            borrows_role: merged.contains_key("Role"),
            depends_on: depends_on(resource),
            ..properties.into_function(key, binary)?
        })
    }

    fn log_group(&self, function: &Map<String, Value>) -> Result<Option<LogGroup>, String> {
        let reference = function.get("LoggingConfig").and_then(|config| config.pointer("/LogGroup/Ref"));
        let Some(key) = reference.and_then(Value::as_str) else { return Ok(None) };
        let resource = self.resources.get(key);
        let Some(own) = resource.and_then(|resource| resource.get("Properties")).and_then(Value::as_object) else {
            return Ok(None);
        };
        let properties: LogGroupProperties = self.read(own, &LogGroupProperties::READ)?;
        Ok(Some(properties.into_log_group(key)))
    }

    /// Reads only the named properties, because others may refer to values that only AWS knows.
    fn read<T: serde::de::DeserializeOwned>(&self, own: &Map<String, Value>, names: &[&str]) -> Result<T, String> {
        let wanted = own
            .iter()
            .filter(|(name, _)| names.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()));
        properties::read(self.resolve(&Value::Object(wanted.collect()))?)
    }

    fn resolve(&self, value: &Value) -> Result<Value, String> {
        Ok(self.scope.resolve(value)?.unwrap_or(Value::Null))
    }

    /// Returns variables called `<NAME>_PARAMETER` whose parameter no policy of the function allows to read.
    fn unreadable_secrets(&self, function: &Map<String, Value>) -> Result<Vec<String>, String> {
        let mut policies = String::new();
        for policy in function.get("Policies").and_then(Value::as_array).into_iter().flatten() {
            let managed = policy.get("Ref").and_then(Value::as_str).and_then(|name| self.resources.get(name));
            let document = managed.and_then(|managed| managed.pointer("/Properties/PolicyDocument"));
            policies.push_str(&self.resolve(document.unwrap_or(policy))?.to_string());
        }
        let variables = function.get("Environment").and_then(|environment| environment.get("Variables"));
        let mut unreadable = Vec::new();
        for (name, value) in variables.and_then(Value::as_object).into_iter().flatten() {
            if !name.ends_with("_PARAMETER") {
                continue;
            }
            // a variable whose value is `AWS::NoValue` does not exist
            let Some(parameter) = self.scope.resolve(value)? else { continue };
            if !policies.contains(&format!(":parameter{}\"", text(&parameter))) {
                unreadable.push(name.clone());
            }
        }
        Ok(unreadable)
    }
}

fn depends_on(resource: &Value) -> Vec<String> {
    match resource.get("DependsOn") {
        Some(Value::String(name)) => vec![name.clone()],
        Some(Value::Array(names)) => names.iter().filter_map(|name| name.as_str().map(ToOwned::to_owned)).collect(),
        _ => Vec::new(),
    }
}

/// Merges Globals as SAM does: mappings are merged, any other value of the resource takes precedence.
fn merge(base: &mut Value, own: &Value) {
    match (base, own) {
        (Value::Object(base), Value::Object(own)) if !is_intrinsic(base) && !is_intrinsic(own) => {
            for (key, value) in own {
                match base.get_mut(key) {
                    Some(existing) => merge(existing, value),
                    None => {
                        base.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        (base, own) => *base = own.clone(),
    }
}

fn is_intrinsic(map: &Map<String, Value>) -> bool {
    map.len() == 1 && map.keys().all(|key| key == "Ref" || key.starts_with("Fn::"))
}
