//! Finds mistakes in a template that cfn-lint misses and AWS notices only during a deployment, or never.
//! Quotas: <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html>

use std::collections::{HashMap, HashSet};
use std::fmt;

use wildmatch::WildMatch;

use super::intrinsics::{ALIAS, alias_arn};
use super::model::{Action, Condition, Function, Permission, Rule, TargetGroup};
use super::{Template, logical_name, schedule};

/// The load balancer's service principal.
const LOAD_BALANCER: &str = "elasticloadbalancing.amazonaws.com";
/// Attributes of target groups behind an Application Load Balancer, for functions and for addresses.
const LAMBDA_ATTRIBUTES: [&str; 1] = ["lambda.multi_value_headers.enabled"];
const ADDRESS_ATTRIBUTES: [&str; 14] = [
    "deregistration_delay.timeout_seconds",
    "load_balancing.algorithm.anomaly_mitigation",
    "load_balancing.algorithm.type",
    "load_balancing.cross_zone.enabled",
    "slow_start.duration_seconds",
    "stickiness.app_cookie.cookie_name",
    "stickiness.app_cookie.duration_seconds",
    "stickiness.enabled",
    "stickiness.lb_cookie.duration_seconds",
    "stickiness.type",
    "target_group_health.dns_failover.minimum_healthy_targets.count",
    "target_group_health.dns_failover.minimum_healthy_targets.percentage",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage",
];
const CONTENT_TYPES: [&str; 5] = ["text/plain", "text/css", "text/html", "application/javascript", "application/json"];
const MAX_VALUES: usize = 5;
const MAX_WILDCARDS: usize = 5;
const MAX_TARGET_GROUPS: usize = 5;
const MAX_VALUE_LENGTH: usize = 128;
const MAX_FIXED_BODY_BYTES: usize = 1024;

/// A mistake in the template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Logical name of the resource.
    pub resource: String,
    /// What is wrong.
    pub problem: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.resource, self.problem)
    }
}

/// Returns every mistake in a template, in the order of its resources.
pub fn check(template: &Template) -> Vec<Finding> {
    let mut findings = Findings::default();
    for function in &template.functions {
        findings.of(&function.key, function_problems(template, function));
    }
    for group in &template.target_groups {
        findings.of(&group.key, target_group_problems(template, group));
    }
    for permission in &template.permissions {
        findings.of(&permission.key, permission_problems(template, permission));
    }
    for rule in &template.rules {
        findings.of(&rule.key, rule_problems(template, rule));
    }
    findings.of_all(same_priorities(&template.rules));
    findings.of_all(never_reached(&template.rules));
    findings.0
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn of(&mut self, resource: &str, problems: Vec<String>) {
        self.0.extend(problems.into_iter().map(|problem| Finding { resource: resource.to_owned(), problem }));
    }

    fn of_all(&mut self, findings: Vec<Finding>) {
        self.0.extend(findings);
    }
}

fn function_problems(template: &Template, function: &Function) -> Vec<String> {
    let mut problems = Vec::new();
    let expected = format!("{}Function", logical_name(&function.binary));
    if function.key != expected {
        problems.push(format!("the binary {} belongs to {expected}", function.binary));
    }
    if function.code_uri.rsplit('/').next() != Some(function.binary.as_str()) {
        problems.push(format!("CodeUri {} is not the folder of the binary {}", function.code_uri, function.binary));
    }
    for secret in &function.unreadable_secrets {
        problems.push(format!("no policy lets it read the parameter in {secret}"));
    }
    for expression in &function.schedules {
        problems.extend(schedule::check(expression).err());
    }
    problems.extend(log_group_problem(function));
    if function.borrows_role {
        problems.push("it has another's role: what that may, it may".into());
    }
    if function.log_group.as_ref().is_some_and(|group| !template.watched.contains(&group.key)) {
        problems.push("it has no alarm: no stack counts faults in its log group".into());
    }
    let migrates = !function.schedules.is_empty();
    if !migrates && !template.migrations.iter().any(|migration| function.depends_on.contains(migration)) {
        problems.push("it does not depend on the migration: its code may be there before its tables".into());
    }
    if !migrates && function.alias.as_deref() != Some(ALIAS) {
        problems.push(format!("it does not publish the alias {ALIAS}: its code changes in place"));
    }
    let is_its = |target: &String| template.function(target).is_some_and(|one| one.key == function.key);
    let groups: Vec<_> = template.target_groups.iter().filter(|group| group.targets.iter().any(is_its)).collect();
    let in_a_rule = groups.iter().any(|group| template.rules.iter().any(|rule| forwards_to(rule, &group.arn)));
    if !in_a_rule && function.schedules.is_empty() {
        problems.push("no rule leads to it, and no schedule".into());
    }
    problems
}

fn log_group_problem(function: &Function) -> Option<String> {
    let Some(group) = &function.log_group else {
        return Some("it has no log group: Lambda makes one that keeps lines for ever".into());
    };
    group.retention_days.is_none().then(|| "its log group has no retention: lines are kept for ever".into())
}

fn forwards_to(rule: &Rule, target_group: &str) -> bool {
    matches!(&rule.action, Action::Forward(groups) if groups.iter().any(|(arn, _)| arn == target_group))
}

fn target_group_problems(template: &Template, group: &TargetGroup) -> Vec<String> {
    let mut problems = Vec::new();
    let known: &[&str] = if group.is_lambda() { &LAMBDA_ATTRIBUTES } else { &ADDRESS_ATTRIBUTES };
    for attribute in group.attributes.keys().filter(|key| !known.contains(&key.as_str())) {
        problems.push(format!("the attribute {attribute} does not exist for targets of type {}", group.target_type));
    }
    if !group.is_lambda() {
        if group.health_check_enabled == Some(false) {
            problems.push("its health checks are off".into());
        }
        return problems;
    }
    if group.targets.len() != 1 {
        problems.push(format!("{} functions are registered instead of one", group.targets.len()));
    }
    if !group.multi_value_headers() {
        problems
            .push("multi-value headers are off: the last value of a header or parameter would hide the others".into());
    }
    if group.health_check_enabled != Some(false) {
        problems.push("health checks are not off: each is a billed invocation".into());
    }
    for target in &group.targets {
        match template.function(target) {
            None => problems.push(format!("its target {target} is not a function of this template")),
            Some(function) if *target != alias_arn(&function.arn) => {
                problems.push(format!("its target is {} itself and not its alias", function.key));
            }
            Some(function) => problems.extend(permission_problem(template, group, function)),
        }
    }
    problems
}

/// Checks that the load balancer may invoke the function before CloudFormation registers it.
fn permission_problem(template: &Template, group: &TargetGroup, function: &Function) -> Option<String> {
    let permission = template.permissions.iter().find(|permission| {
        let is_its = permission.function == alias_arn(&function.arn);
        is_its
            && permission.principal == LOAD_BALANCER
            && permission.source_arn.as_deref().is_none_or(|pattern| WildMatch::new(pattern).matches(&group.arn))
    });
    match permission {
        None => Some(format!("nothing permits the load balancer to invoke the alias of {} for it", function.key)),
        Some(permission) if !group.depends_on.contains(&permission.key) => Some(format!(
            "it does not depend on {}: its target may be registered before that is permitted",
            permission.key
        )),
        Some(_) => None,
    }
}

fn permission_problems(template: &Template, permission: &Permission) -> Vec<String> {
    let mut problems = Vec::new();
    if template.function(&permission.function).is_none() {
        problems.push(format!("{} is not a function of this template", permission.function));
    }
    if permission.action != "lambda:InvokeFunction" {
        problems.push(format!("it permits {} instead of lambda:InvokeFunction", permission.action));
    }
    if permission.principal != LOAD_BALANCER {
        problems.push(format!("its principal is {} instead of {LOAD_BALANCER}", permission.principal));
    }
    if permission.source_arn.is_none() {
        problems.push("without a SourceArn load balancers of every account may invoke it".into());
    }
    problems
}

fn rule_problems(template: &Template, rule: &Rule) -> Vec<String> {
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
            problems.push(format!("the condition {field} stands there more than once"));
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
        problems.push(format!("{} target groups, allowed are 1 to {MAX_TARGET_GROUPS}", groups.len()));
    }
    if groups.iter().all(|(_, weight)| *weight == 0) {
        problems.push("every weight is 0: the load balancer would answer 503".into());
    }
    if groups.iter().enumerate().any(|(index, (arn, _))| groups[..index].iter().any(|(other, _)| other == arn)) {
        problems.push("a target group stands there twice".into());
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

fn same_priorities(rules: &[Rule]) -> Vec<Finding> {
    let mut first = HashMap::new();
    let mut findings = Vec::new();
    for rule in rules {
        if let Some(other) = first.insert((&rule.listener, rule.priority), &rule.key) {
            let problem = format!("its priority {} is also that of {other}", rule.priority);
            findings.push(Finding { resource: rule.key.clone(), problem });
        }
    }
    findings
}

/// Finds rules whose paths an earlier rule always matches.
fn never_reached(rules: &[Rule]) -> Vec<Finding> {
    let mut taken: HashMap<&str, Vec<(&Rule, &String)>> = HashMap::new();
    let mut findings = Vec::new();
    for rule in rules {
        let earlier = taken.entry(&rule.listener).or_default();
        let mut own = HashSet::new();
        for path in paths(rule) {
            let by = earlier.iter().find(|(_, pattern)| WildMatch::new(pattern).matches(path));
            if let Some((other, pattern)) = by {
                let problem = format!("`{path}` is never reached, {} takes `{pattern}` before", other.key);
                findings.push(Finding { resource: rule.key.clone(), problem });
            }
            own.insert(path);
        }
        if matches!(rule.conditions.as_slice(), [Condition::PathPattern(_)]) {
            earlier.extend(own.into_iter().map(|path| (rule, path)));
        }
    }
    findings
}

fn paths(rule: &Rule) -> impl Iterator<Item = &String> {
    rule.conditions.iter().flat_map(|condition| match condition {
        Condition::PathPattern(paths) => paths.as_slice(),
        _ => &[],
    })
}

#[cfg(test)]
mod tests;
