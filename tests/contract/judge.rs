//! Whether a scenario passes.

use libtest_mimic::Failed;
use tests::contract::answer::Outcome;
use tests::contract::area::Area;
use tests::contract::report;
use tests::contract::scenario::Scenario;
use tests::secrets;

use crate::overruled;

/// Fails with the report of every step that is not as wanted, and with every step that is overruled without need.
pub fn judge(area: &Area, scenario: &Scenario, outcomes: &[Outcome]) -> Result<(), Failed> {
    let overruled = overruled::of(&area.name, &scenario.name);
    let failures = report::failures(area, scenario, outcomes);
    let unexcused = failures.iter().filter(|failure| overruled.iter().all(|it| it.step != failure.step.name));
    let needless = overruled
        .iter()
        .filter(|it| failures.iter().all(|failure| failure.step.name != it.step))
        .map(|it| format!("{} passes, and is in overruled.rs because {}\n", it.step, it.reason));
    let talkative = outcomes.iter().filter_map(internals);
    passes(unexcused.map(ToString::to_string).chain(needless).chain(talkative).collect())
}

/// What an error shows of how it was made.
fn internals(outcome: &Outcome) -> Option<String> {
    let Outcome::Answer(answer) = outcome else { return None };
    let text = serde_json::to_string(answer).unwrap_or_default();
    let shown = secrets::internals_in(&text).filter(|_| answer.status >= 400)?;
    Some(format!("an error shows {shown:?}: {text}\n"))
}

/// The list of what is overruled names recorded steps.
pub fn every_overruled_step_exists(areas: &[Area]) -> Result<(), Failed> {
    passes(overruled::unknown(areas).join("\n"))
}

fn passes(complaints: String) -> Result<(), Failed> {
    if complaints.is_empty() { Ok(()) } else { Err(complaints.into()) }
}
