//! Quotas: <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html>

use crate::template::model::{Action, Condition, Rule, Template};

const CONTENT_TYPES: [&str; 5] = ["text/plain", "text/css", "text/html", "application/javascript", "application/json"];
const MAX_VALUES: usize = 5;
const MAX_WILDCARDS: usize = 5;
const MAX_TARGET_GROUPS: usize = 5;
const MAX_VALUE_LENGTH: usize = 128;
const MAX_FIXED_BODY_BYTES: usize = 1024;

pub(super) fn problems(template: &Template, rule: &Rule) -> Vec<String> {
    let mut problems = Vec::new();
    if !(1..=50_000).contains(&rule.priority) {
        problems.push(format!("the priority {} is not between 1 and 50000", rule.priority));
    }
    problems.extend(quota_problems(rule));
    problems.extend(rule.conditions.iter().flat_map(condition_problems));
    problems.extend(match &rule.action {
        Action::Forward(groups) => forward_problems(template, groups),
        Action::FixedResponse { status, content_type, body } => fixed_response_problems(*status, content_type, body),
        Action::Redirect(_) => Vec::new(),
    });
    problems
}

fn quota_problems(rule: &Rule) -> Vec<String> {
    let mut problems = Vec::new();
    let values: Vec<_> = rule.conditions.iter().flat_map(Condition::values).collect();
    let wildcards = values.iter().flat_map(|value| value.chars()).filter(|letter| matches!(letter, '*' | '?')).count();
    if values.is_empty() {
        problems.push("it has no condition".into());
    }
    if values.len() > MAX_VALUES {
        problems.push(format!("{} condition values, at most {MAX_VALUES} are allowed", values.len()));
    }
    if wildcards > MAX_WILDCARDS {
        problems.push(format!("{wildcards} wildcards, at most {MAX_WILDCARDS} are allowed"));
    }
    if let Some(long) = values.iter().find(|value| value.len() > MAX_VALUE_LENGTH) {
        problems.push(format!("`{long}` has more than {MAX_VALUE_LENGTH} characters"));
    }
    for field in ["path-pattern", "host-header", "http-request-method", "source-ip"] {
        if rule.conditions.iter().filter(|condition| condition.field() == field).count() > 1 {
            problems.push(format!("it has more than one condition {field}"));
        }
    }
    problems
}

fn condition_problems(condition: &Condition) -> Vec<String> {
    let wrong: Box<dyn Fn(&&String) -> bool> = match condition {
        Condition::PathPattern(_) => {
            Box::new(|path| !path.starts_with(['/', '*', '?']) || !path.chars().all(allowed_in_path))
        }
        Condition::HostHeader(_) => Box::new(|host| !host.contains('.')),
        Condition::RequestMethod(_) => {
            Box::new(|method| !method.chars().all(|letter| letter.is_ascii_uppercase() || matches!(letter, '-' | '_')))
        }
        Condition::Header { .. } | Condition::QueryString(_) | Condition::SourceIp(_) => Box::new(|_| false),
    };
    condition
        .values()
        .iter()
        .filter(|value| wrong(value))
        .map(|value| format!("`{value}` is not a valid {}", condition.field()))
        .collect()
}

fn allowed_in_path(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "_-.$/~\"'@:+&*?".contains(letter)
}

fn forward_problems(template: &Template, groups: &[(String, u32)]) -> Vec<String> {
    let mut problems = Vec::new();
    if groups.is_empty() || groups.len() > MAX_TARGET_GROUPS {
        problems.push(format!("{} target groups, 1 to {MAX_TARGET_GROUPS} are allowed", groups.len()));
    }
    if groups.iter().all(|(_, weight)| *weight == 0) {
        problems.push("every weight is 0: the load balancer would answer 503".into());
    }
    if groups.iter().enumerate().any(|(index, (arn, _))| groups[..index].iter().any(|(other, _)| other == arn)) {
        problems.push("it lists a target group twice".into());
    }
    for (arn, weight) in groups {
        if template.target_group(arn).is_none() && !arn.starts_with("arn:") {
            problems.push(format!("there is no target group {arn}"));
        }
        if *weight > 999 {
            problems.push(format!("the weight {weight} is above 999"));
        }
    }
    problems
}

fn fixed_response_problems(status: u16, content_type: &str, body: &str) -> Vec<String> {
    let mut problems = Vec::new();
    if !matches!(status / 100, 2 | 4 | 5) {
        problems.push(format!("a fixed response has a status of 2xx, 4xx or 5xx, not {status}"));
    }
    if !CONTENT_TYPES.contains(&content_type) {
        problems.push(format!("a fixed response cannot be {content_type}"));
    }
    if body.len() > MAX_FIXED_BODY_BYTES {
        problems.push(format!("a fixed response has at most {MAX_FIXED_BODY_BYTES} bytes, not {}", body.len()));
    }
    problems
}
