use serde::Deserialize;

use crate::template::model::Condition;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct ConditionProperties {
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
    pub fn into_condition(self) -> Result<Condition, String> {
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
            other => return Err(format!("the condition {other} is not supported")),
        })
    }
}
