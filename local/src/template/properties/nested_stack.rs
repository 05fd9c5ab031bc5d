use serde::Deserialize;

/// Parameters of a nested stack.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::template) struct NestedStackParameters {
    /// The log group for which the stack has metrics and alarms.
    pub function_log_group: Option<String>,
}

impl NestedStackParameters {
    pub const READ: [&str; 1] = ["FunctionLogGroup"];
}
