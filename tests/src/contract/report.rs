//! Formats the failures of a scenario.

use std::fmt;

use super::answer::Outcome;
use super::area::Area;
use super::scenario::{Scenario, Step};
use super::verdict;

/// A step with an unexpected outcome.
#[derive(Debug)]
pub struct Failure<'a> {
    area: &'a str,
    scenario: &'a str,
    /// The step.
    pub step: &'a Step,
    complaints: Vec<String>,
}

/// Returns the steps with unexpected outcomes.
pub fn failures<'a>(area: &'a Area, scenario: &'a Scenario, outcomes: &[Outcome]) -> Vec<Failure<'a>> {
    let steps = scenario.steps.iter().zip(outcomes);
    let judged = steps.map(|(step, outcome)| {
        let complaints = match area.recorded(&scenario.name, &step.name) {
            Some(recorded) => verdict::complaints(step, recorded, outcome),
            None => vec!["not recorded".to_owned()],
        };
        Failure { area: &area.name, scenario: &scenario.name, step, complaints }
    });
    judged.filter(|failure| !failure.complaints.is_empty()).collect()
}

impl fmt::Display for Failure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "FAIL {} / {} / {}: {}", self.area, self.scenario, self.step.name, self.step.summary())?;
        if let Some(defect) = &self.step.defect {
            writeln!(f, "     (the recording shows a defect: {defect})")?;
        }
        self.complaints.iter().try_for_each(|complaint| writeln!(f, "     {complaint}"))
    }
}
