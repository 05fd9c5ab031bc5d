use wildmatch::WildMatch;

use super::permission::LOAD_BALANCER;
use crate::template::arn::alias_arn;
use crate::template::model::{Function, TargetGroup, Template};

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

pub(super) fn problems(template: &Template, group: &TargetGroup) -> Vec<String> {
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
                problems.push(format!("its target is {} itself instead of its alias", function.key));
            }
            Some(function) => problems.extend(permission_problem(template, group, function)),
        }
    }
    problems
}

/// Checks that the load balancer may invoke the function before CloudFormation registers it.
fn permission_problem(template: &Template, group: &TargetGroup, function: &Function) -> Option<String> {
    let permission = template.permissions.iter().find(|permission| {
        let is_for_alias = permission.function == alias_arn(&function.arn);
        is_for_alias
            && permission.principal == LOAD_BALANCER
            && permission.source_arn.as_deref().is_none_or(|pattern| WildMatch::new(pattern).matches(&group.arn))
    });
    match permission {
        None => Some(format!("nothing permits the load balancer to invoke the alias of {} for it", function.key)),
        Some(permission) if !group.depends_on.contains(&permission.key) => Some(format!(
            "it does not depend on {}: its target may be registered before the load balancer may invoke it",
            permission.key
        )),
        Some(_) => None,
    }
}
