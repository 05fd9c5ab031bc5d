//! Reads template.yaml, the only routing table.
//!
//! Resolves parameters, conditions and intrinsic functions where routing and functions need them. Anything that it does not
//! understand there is an error that names the resource.

mod arn;
mod check;
mod described;
mod error;
mod intrinsics;
mod model;
mod properties;
mod reader;
mod schedule;
mod yaml;

pub(crate) use self::arn::REGION;
pub use self::check::{Finding, check};
pub use self::error::TemplateError;
pub use self::model::{Action, Condition, Function, LogGroup, Permission, Redirect, Rule, TargetGroup, Template};
pub use self::yaml::YamlError;
