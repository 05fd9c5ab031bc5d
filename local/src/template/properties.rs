//! Properties as CloudFormation writes them, and their conversion to the model. An unknown property of a rule is an error, because a rule
//! that is only partly understood would route incorrectly.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error as _};
use serde_json::Value;

use super::intrinsics::{function_arn, target_group_arn};
use super::model::{Action, Condition, Function, LogGroup, Permission, Redirect, Rule, TargetGroup};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct FunctionProperties {
    function_name: Option<String>,
    code_uri: String,
    #[serde(deserialize_with = "scalar")]
    timeout: u64,
    #[serde(deserialize_with = "scalar")]
    memory_size: u32,
    #[serde(default, deserialize_with = "optional_scalar")]
    reserved_concurrent_executions: Option<usize>,
    auto_publish_alias: Option<String>,
    #[serde(default)]
    environment: Environment,
    #[serde(default)]
    events: BTreeMap<String, Event>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
struct Environment {
    #[serde(default)]
    variables: BTreeMap<String, Scalar>,
}

/// Variables are text, but the template may contain numbers.
#[derive(Deserialize)]
struct Scalar(#[serde(deserialize_with = "scalar")] String);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    #[serde(default)]
    properties: EventProperties,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
struct EventProperties {
    schedule: Option<String>,
    schedule_expression: Option<String>,
}

impl FunctionProperties {
    /// The properties that are read; all others stay unresolved.
    pub const READ: [&str; 8] = [
        "FunctionName",
        "CodeUri",
        "Timeout",
        "MemorySize",
        "ReservedConcurrentExecutions",
        "AutoPublishAlias",
        "Environment",
        "Events",
    ];

    pub fn into_function(self, key: &str, binary: Option<&str>) -> Result<Function, String> {
        let binary = binary.ok_or("Metadata.BuildProperties.Binary is missing")?;
        Ok(Function {
            key: key.to_owned(),
            binary: binary.to_owned(),
            code_uri: self.code_uri,
            name: self.function_name.unwrap_or_else(|| key.to_owned()),
            arn: function_arn(key),
            alias: self.auto_publish_alias,
            timeout: Duration::from_secs(self.timeout),
            memory: self.memory_size,
            reserved_concurrency: self.reserved_concurrent_executions,
            environment: self.environment.variables.into_iter().map(|(name, Scalar(value))| (name, value)).collect(),
            unreadable_secrets: Vec::new(),
            log_group: None,
            borrows_role: false,
            depends_on: Vec::new(),
            schedules: self
                .events
                .into_values()
                .filter_map(|event| event.properties.schedule_expression.or(event.properties.schedule))
                .collect(),
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TargetGroupProperties {
    #[serde(default = "instance")]
    target_type: String,
    #[serde(default)]
    targets: Vec<Target>,
    #[serde(default, deserialize_with = "optional_scalar")]
    health_check_enabled: Option<bool>,
    #[serde(default)]
    target_group_attributes: Vec<Attribute>,
}

fn instance() -> String {
    "instance".into()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Target {
    id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute {
    key: String,
    #[serde(deserialize_with = "scalar")]
    value: String,
}

impl TargetGroupProperties {
    pub const READ: [&str; 4] = ["TargetType", "Targets", "HealthCheckEnabled", "TargetGroupAttributes"];

    pub fn into_target_group(self, key: &str, depends_on: Vec<String>) -> TargetGroup {
        TargetGroup {
            key: key.to_owned(),
            arn: target_group_arn(key),
            target_type: self.target_type,
            targets: self.targets.into_iter().map(|target| target.id).collect(),
            health_check_enabled: self.health_check_enabled,
            attributes: self.target_group_attributes.into_iter().map(|one| (one.key, one.value)).collect(),
            depends_on,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct LogGroupProperties {
    log_group_name: String,
    #[serde(default, deserialize_with = "optional_scalar")]
    retention_in_days: Option<u32>,
}

impl LogGroupProperties {
    pub const READ: [&str; 2] = ["LogGroupName", "RetentionInDays"];

    pub fn into_log_group(self, key: &str) -> LogGroup {
        LogGroup { key: key.to_owned(), name: self.log_group_name, retention_days: self.retention_in_days }
    }
}

/// Parameters of a nested stack.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct NestedStackParameters {
    /// The log group for which the stack has metrics and alarms.
    pub function_log_group: Option<String>,
}

impl NestedStackParameters {
    pub const READ: [&str; 1] = ["FunctionLogGroup"];
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PermissionProperties {
    function_name: String,
    action: String,
    principal: String,
    source_arn: Option<String>,
}

impl PermissionProperties {
    pub const READ: [&str; 4] = ["FunctionName", "Action", "Principal", "SourceArn"];

    pub fn into_permission(self, key: &str) -> Permission {
        Permission {
            key: key.to_owned(),
            function: self.function_name,
            action: self.action,
            principal: self.principal,
            source_arn: self.source_arn,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct RuleProperties {
    #[serde(deserialize_with = "scalar")]
    priority: u32,
    conditions: Vec<ConditionProperties>,
    actions: Vec<ActionProperties>,
}

impl RuleProperties {
    pub fn into_rule(self, key: &str, listener: String) -> Result<Rule, String> {
        let [action] =
            <[_; 1]>::try_from(self.actions).map_err(|actions| format!("{} actions instead of one", actions.len()))?;
        Ok(Rule {
            key: key.to_owned(),
            listener,
            priority: self.priority,
            conditions: self
                .conditions
                .into_iter()
                .map(ConditionProperties::into_condition)
                .collect::<Result<_, _>>()?,
            action: action.into_action()?,
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ConditionProperties {
    field: String,
    values: Option<Vec<String>>,
    path_pattern_config: Option<Values>,
    host_header_config: Option<Values>,
    http_request_method_config: Option<Values>,
    http_header_config: Option<HeaderValues>,
    query_string_config: Option<QueryValues>,
    source_ip_config: Option<Values>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Values {
    values: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct HeaderValues {
    http_header_name: String,
    values: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct QueryValues {
    values: Vec<KeyValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct KeyValue {
    key: Option<String>,
    value: String,
}

impl ConditionProperties {
    fn into_condition(self) -> Result<Condition, String> {
        let listed = |config: Option<Values>, short: Option<Vec<String>>| {
            config
                .map(|config| config.values)
                .or(short)
                .ok_or_else(|| format!("the condition {} has no values", self.field))
        };
        let missing = || format!("the condition {} has no values", self.field);
        Ok(match self.field.as_str() {
            "path-pattern" => Condition::PathPattern(listed(self.path_pattern_config, self.values)?),
            "host-header" => Condition::HostHeader(listed(self.host_header_config, self.values)?),
            "http-request-method" => Condition::RequestMethod(listed(self.http_request_method_config, None)?),
            "http-header" => {
                let config = self.http_header_config.ok_or_else(missing)?;
                Condition::Header { name: config.http_header_name, values: config.values }
            }
            "query-string" => {
                let config = self.query_string_config.ok_or_else(missing)?;
                Condition::QueryString(config.values.into_iter().map(|pair| (pair.key, pair.value)).collect())
            }
            "source-ip" => Condition::SourceIp(
                listed(self.source_ip_config, None)?
                    .iter()
                    .map(|network| network.parse().map_err(|_| format!("{network} is not a network in CIDR notation")))
                    .collect::<Result<_, _>>()?,
            ),
            other => return Err(format!("the condition {other} is not known")),
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ActionProperties {
    r#type: String,
    #[serde(rename = "Order")]
    _order: Option<Value>,
    target_group_arn: Option<String>,
    forward_config: Option<ForwardProperties>,
    fixed_response_config: Option<FixedResponseProperties>,
    redirect_config: Option<RedirectProperties>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ForwardProperties {
    target_groups: Vec<WeightedTargetGroup>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct WeightedTargetGroup {
    target_group_arn: String,
    #[serde(default, deserialize_with = "optional_scalar")]
    weight: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct FixedResponseProperties {
    #[serde(deserialize_with = "scalar")]
    status_code: u16,
    content_type: Option<String>,
    #[serde(default)]
    message_body: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RedirectProperties {
    protocol: Option<String>,
    host: Option<String>,
    #[serde(default, deserialize_with = "optional_scalar")]
    port: Option<String>,
    path: Option<String>,
    query: Option<String>,
    status_code: String,
}

impl ActionProperties {
    fn into_action(self) -> Result<Action, String> {
        match (
            self.r#type.as_str(),
            self.target_group_arn,
            self.forward_config,
            self.fixed_response_config,
            self.redirect_config,
        ) {
            ("forward", Some(arn), None, None, None) => Ok(Action::Forward(vec![(arn, 1)])),
            ("forward", None, Some(config), None, None) => Ok(Action::Forward(
                config
                    .target_groups
                    .into_iter()
                    .map(|group| (group.target_group_arn, group.weight.unwrap_or(1)))
                    .collect(),
            )),
            ("fixed-response", None, None, Some(config), None) => Ok(Action::FixedResponse {
                status: config.status_code,
                content_type: config.content_type.unwrap_or_else(|| "text/plain".into()),
                body: config.message_body,
            }),
            ("redirect", None, None, None, Some(config)) => config.into_redirect().map(Action::Redirect),
            (other, ..) => Err(format!("the action {other}, with what is configured for it, is not understood")),
        }
    }
}

impl RedirectProperties {
    fn into_redirect(self) -> Result<Redirect, String> {
        Ok(Redirect {
            protocol: self.protocol.unwrap_or_else(|| "#{protocol}".into()),
            host: self.host.unwrap_or_else(|| "#{host}".into()),
            port: self.port.unwrap_or_else(|| "#{port}".into()),
            path: self.path.unwrap_or_else(|| "/#{path}".into()),
            query: self.query.unwrap_or_else(|| "#{query}".into()),
            status: match self.status_code.as_str() {
                "HTTP_301" => 301,
                "HTTP_302" => 302,
                other => {
                    return Err(format!("a redirect has the status HTTP_301 or HTTP_302, not {other}"));
                }
            },
        })
    }
}

/// Reads resolved properties.
pub(super) fn read<T: DeserializeOwned>(properties: Value) -> Result<T, String> {
    serde_json::from_value(properties).map_err(|error| error.to_string())
}

/// Parses a scalar: CloudFormation accepts `10`, `"10"`, `true` and `"true"` alike, and parameters' values are always text.
fn scalar<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(deserializer: D) -> Result<T, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let text = match &value {
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        other => {
            return Err(D::Error::custom(format!("{other} instead of a text, number or boolean")));
        }
    };
    text.parse().map_err(|error| D::Error::custom(format!("{text}: {error}")))
}

fn optional_scalar<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    scalar(deserializer).map(Some)
}
