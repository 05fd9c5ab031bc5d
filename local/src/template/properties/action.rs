use serde::Deserialize;
use serde_json::Value;

use super::scalar::{optional_scalar, scalar};
use crate::template::model::{Action, Redirect};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct ActionProperties {
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
    pub fn into_action(self) -> Result<Action, String> {
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
            (other, ..) => Err(format!("the action {other} with this configuration is not supported")),
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
