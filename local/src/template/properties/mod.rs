//! Properties as CloudFormation writes them, and their conversion to the model. An unknown property of a rule is an error, because a rule
//! that is only partly understood would route incorrectly.

mod action;
mod condition;
mod function;
mod log_group;
mod nested_stack;
mod permission;
mod rule;
mod scalar;
mod target_group;

use serde::de::DeserializeOwned;
use serde_json::Value;

pub(super) use self::function::FunctionProperties;
pub(super) use self::log_group::LogGroupProperties;
pub(super) use self::nested_stack::NestedStackParameters;
pub(super) use self::permission::PermissionProperties;
pub(super) use self::rule::RuleProperties;
pub(super) use self::target_group::TargetGroupProperties;

/// Reads resolved properties.
pub(super) fn read<T: DeserializeOwned>(properties: Value) -> Result<T, String> {
    serde_json::from_value(properties).map_err(|error| error.to_string())
}
