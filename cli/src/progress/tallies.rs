use std::collections::BTreeMap;

use super::queries::{Check, Group};

/// Attention checks, by the common attribute of groups.
#[derive(Default)]
pub struct Tallies<'a> {
    total: Tally,
    by_email: BTreeMap<Option<&'a str>, Tally>,
    by_arm: BTreeMap<(Option<&'a str>, Option<&'a str>), Tally>,
}

#[derive(Clone, Copy, Default)]
pub struct Tally {
    pub passed: u32,
    pub failed: u32,
}

impl<'a> Tallies<'a> {
    pub fn of(checks: &'a [Check]) -> Self {
        let mut tallies = Self::default();
        for check in checks {
            tallies.total.add(check.is_passed);
            tallies.by_email.entry(check.user_email.as_deref()).or_default().add(check.is_passed);
            let arm = (check.experiment_id.as_deref(), check.arm.as_deref());
            tallies.by_arm.entry(arm).or_default().add(check.is_passed);
        }
        tallies
    }

    pub fn find(&self, group: &Group) -> Tally {
        if group.is_participant {
            self.by_email.get(&group.user_email.as_deref()).copied().unwrap_or_default()
        } else if group.is_arm {
            let arm = (group.experiment_id.as_deref(), group.arm.as_deref());
            self.by_arm.get(&arm).copied().unwrap_or_default()
        } else {
            self.total
        }
    }
}

impl Tally {
    fn add(&mut self, is_passed: bool) {
        let count = if is_passed { &mut self.passed } else { &mut self.failed };
        *count += 1;
    }
}
