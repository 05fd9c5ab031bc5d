use serde::Deserialize;

use super::scalar::{optional_scalar, scalar};
use crate::template::arn::target_group_arn;
use crate::template::model::TargetGroup;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::template) struct TargetGroupProperties {
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
