//! Reads the rules of an existing listener, as printed by `aws elbv2 describe-rules`
//! (<https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeRules.html>).

use serde::Deserialize;
use serde_json::{Value, json};

use super::model::Rule;
use super::properties::{self, RuleProperties};
use super::{Template, TemplateError};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Described {
    rules: Vec<DescribedRule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DescribedRule {
    rule_arn: String,
    /// A number as text, or `default`.
    priority: String,
    conditions: Value,
    actions: Vec<Value>,
}

impl Template {
    /// Reads only rules. The default rule comes last; an error names the rule that cannot be executed.
    pub fn from_described_rules(text: &str) -> Result<Self, TemplateError> {
        let problem = |resource: &str, problem| TemplateError::Resource { resource: resource.to_owned(), problem };
        let described: Described =
            serde_json::from_str(text).map_err(|error| problem("describe-rules", error.to_string()))?;
        let mut rules = described
            .rules
            .into_iter()
            .map(|rule| {
                let name = rule.rule_arn.clone();
                rule.into_rule().map_err(|error| problem(&name, error))
            })
            .collect::<Result<Vec<_>, _>>()?;
        rules.sort_by_key(|rule| rule.priority);
        Ok(Self { rules, ..Self::default() })
    }
}

impl DescribedRule {
    fn into_rule(self) -> Result<Rule, String> {
        let priority = if self.priority == "default" { json!(u32::MAX) } else { json!(self.priority) };
        let actions = self.actions.into_iter().map(without_repetition).collect::<Result<Vec<_>, _>>()?;
        let rule = json!({"Priority": priority, "Conditions": self.conditions, "Actions": actions});
        properties::read::<RuleProperties>(rule)?.into_rule(&self.rule_arn, String::new())
    }
}

/// Removes `ForwardConfig`, in which AWS repeats the single target group of an action with stickiness off.
fn without_repetition(mut action: Value) -> Result<Value, String> {
    if let Some(config) = action.get_mut("ForwardConfig").and_then(Value::as_object_mut) {
        if let Some(stickiness) = config.remove("TargetGroupStickinessConfig")
            && stickiness != json!({"Enabled": false})
        {
            return Err(format!("the stickiness {stickiness} is not supported"));
        }
        if let Some(action) = action.as_object_mut() {
            action.remove("TargetGroupArn");
        }
    }
    Ok(action)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::{Action, Condition};

    fn described(conditions: &Value, action: &Value) -> String {
        json!({"Rules": [
            {"RuleArn": "arn:last", "Priority": "default", "Conditions": [], "IsDefault": true,
             "Actions": [{"Type": "forward", "TargetGroupArn": "arn:frontend"}]},
            {"RuleArn": "arn:first", "Priority": "10", "Conditions": conditions, "IsDefault": false, "Actions": [action]},
        ]})
        .to_string()
    }

    #[test]
    fn reads_rules_as_aws_prints_them_with_the_default_last() {
        let path =
            json!([{"Field": "path-pattern", "Values": ["/api/*"], "PathPatternConfig": {"Values": ["/api/*"]}}]);
        let action = json!({"Type": "forward", "Order": 1, "TargetGroupArn": "arn:flask", "ForwardConfig": {
            "TargetGroups": [{"TargetGroupArn": "arn:flask", "Weight": 1}], "TargetGroupStickinessConfig": {"Enabled": false}}});

        let rules = Template::from_described_rules(&described(&path, &action)).unwrap().rules;

        assert_eq!(rules[0].conditions, [Condition::PathPattern(vec!["/api/*".into()])]);
        assert_eq!(rules[0].action, Action::Forward(vec![("arn:flask".into(), 1)]));
        assert_eq!((rules[1].key.as_str(), rules[1].conditions.len()), ("arn:last", 0));
    }

    #[test]
    fn an_error_names_the_rule_that_cannot_be_executed() {
        let sticky = json!({"Type": "forward", "ForwardConfig": {
            "TargetGroups": [], "TargetGroupStickinessConfig": {"Enabled": true, "DurationSeconds": 60}}});

        for (conditions, action) in [
            (json!([]), sticky),
            (json!([]), json!({"Type": "authenticate-oidc"})),
            (json!([{"Field": "new"}]), json!({})),
        ] {
            let error = Template::from_described_rules(&described(&conditions, &action)).unwrap_err();
            assert!(error.to_string().starts_with("arn:first: "), "{error}");
        }
    }
}
