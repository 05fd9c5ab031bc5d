use crate::template::arn::ALIAS;
use crate::template::model::{Action, Function, Rule, Template};
use crate::template::schedule;

pub(super) fn problems(template: &Template, function: &Function) -> Vec<String> {
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
        problems.push("it uses another resource's role, and so has all of that role's permissions".into());
    }
    if function.log_group.as_ref().is_some_and(|group| !template.watched.contains(&group.key)) {
        problems.push("it has no alarm: no stack counts faults in its log group".into());
    }
    let migrates = !function.schedules.is_empty();
    if !migrates && !template.migrations.iter().any(|migration| function.depends_on.contains(migration)) {
        problems.push("it does not depend on the migration: its code may be deployed before its tables exist".into());
    }
    if !migrates && function.alias.as_deref() != Some(ALIAS) {
        problems.push(format!("it does not publish the alias {ALIAS}: its code changes in place"));
    }
    let is_this = |target: &String| template.function(target).is_some_and(|one| one.key == function.key);
    let groups: Vec<_> = template.target_groups.iter().filter(|group| group.targets.iter().any(is_this)).collect();
    let in_a_rule = groups.iter().any(|group| template.rules.iter().any(|rule| forwards_to(rule, &group.arn)));
    if !in_a_rule && function.schedules.is_empty() {
        problems.push("no rule and no schedule invokes it".into());
    }
    problems
}

fn log_group_problem(function: &Function) -> Option<String> {
    let Some(group) = &function.log_group else {
        return Some("it has no log group: Lambda creates one that keeps lines forever".into());
    };
    group.retention_days.is_none().then(|| "its log group has no retention: lines are kept forever".into())
}

fn forwards_to(rule: &Rule, target_group: &str) -> bool {
    matches!(&rule.action, Action::Forward(groups) if groups.iter().any(|(arn, _)| arn == target_group))
}

/// Returns the logical name of a binary, which is also its folder: `auth-login` is `AuthLoginFunction` in `functions/auth-login`.
fn logical_name(binary: &str) -> String {
    let mut name = String::new();
    for word in binary.split('-') {
        let mut letters = word.chars();
        name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    name
}
