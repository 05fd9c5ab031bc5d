use serde::Deserialize;

use crate::template::model::Permission;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::template) struct PermissionProperties {
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
