use serde::Deserialize;

use super::scalar::optional_scalar;
use crate::template::model::LogGroup;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::template) struct LogGroupProperties {
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
