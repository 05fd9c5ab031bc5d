//! Finds mistakes in a template that cfn-lint misses and that AWS reports only during a deployment, or never.

mod finding;
mod function;
mod order;
mod permission;
mod rule;
mod target_group;
#[cfg(test)]
mod tests;

use super::model::Template;

pub use self::finding::Finding;

/// Returns every mistake in a template, in the order of its resources.
pub fn check(template: &Template) -> Vec<Finding> {
    let mut findings = Findings::default();
    for function in &template.functions {
        findings.add(&function.key, function::problems(template, function));
    }
    for group in &template.target_groups {
        findings.add(&group.key, target_group::problems(template, group));
    }
    for permission in &template.permissions {
        findings.add(&permission.key, permission::problems(template, permission));
    }
    for rule in &template.rules {
        findings.add(&rule.key, rule::problems(template, rule));
    }
    findings.extend(order::same_priorities(&template.rules));
    findings.extend(order::never_reached(&template.rules));
    findings.0
}

#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, resource: &str, problems: Vec<String>) {
        self.0.extend(problems.into_iter().map(|problem| Finding { resource: resource.to_owned(), problem }));
    }

    fn extend(&mut self, findings: Vec<Finding>) {
        self.0.extend(findings);
    }
}
