//! Decides whether a scenario passes.

use libtest_mimic::Failed;
use tests::contract::answer::Outcome;
use tests::contract::area::Area;
use tests::contract::report;
use tests::contract::scenario::Scenario;
use tests::secrets;

/// Fails with a report of all steps with unaccepted outcomes, and of all errors that reveal implementation details.
pub fn judge(area: &Area, scenario: &Scenario, outcomes: &[Outcome]) -> Result<(), Failed> {
    let failures = report::failures(area, scenario, outcomes);
    let complaints: String =
        failures.iter().map(ToString::to_string).chain(outcomes.iter().filter_map(internals)).collect();
    if complaints.is_empty() { Ok(()) } else { Err(complaints.into()) }
}

/// Describes the implementation details that an error reveals.
fn internals(outcome: &Outcome) -> Option<String> {
    let Outcome::Answer(answer) = outcome else { return None };
    let text = serde_json::to_string(answer).unwrap_or_default();
    let shown = secrets::internals_in(&text).filter(|_| answer.status >= 400)?;
    Some(format!("an error reveals {shown:?}: {text}\n"))
}
