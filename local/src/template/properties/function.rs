use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use super::scalar::{optional_scalar, scalar};
use crate::template::arn::function_arn;
use crate::template::model::Function;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::template) struct FunctionProperties {
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
