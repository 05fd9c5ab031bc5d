use serde::Deserialize;

use super::action::ActionProperties;
use super::condition::ConditionProperties;
use super::scalar::scalar;
use crate::template::model::Rule;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::template) struct RuleProperties {
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
