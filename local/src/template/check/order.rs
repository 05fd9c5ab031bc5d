//! Finds conflicts between rules.

use std::collections::{HashMap, HashSet};

use wildmatch::WildMatch;

use super::finding::Finding;
use crate::template::model::{Condition, Rule};

pub(super) fn same_priorities(rules: &[Rule]) -> Vec<Finding> {
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
pub(super) fn never_reached(rules: &[Rule]) -> Vec<Finding> {
    let mut taken: HashMap<&str, Vec<(&Rule, &String)>> = HashMap::new();
    let mut findings = Vec::new();
    for rule in rules {
        let earlier = taken.entry(&rule.listener).or_default();
        let mut own = HashSet::new();
        for path in paths(rule) {
            let by = earlier.iter().find(|(_, pattern)| WildMatch::new(pattern).matches(path));
            if let Some((other, pattern)) = by {
                let problem = format!("`{path}` is never reached: {} matches `{pattern}` first", other.key);
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
