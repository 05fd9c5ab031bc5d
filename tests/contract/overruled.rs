//! Recorded steps that contradict what is asked for elsewhere, each with the sentence that overrules it. A step that
//! passes all the same fails its scenario: it is not to stay in the list.

use tests::contract::area::Area;

/// A step whose recorded answer is not the wanted one.
pub struct Overruled {
    /// `AREA/SCENARIO`.
    scenario: &'static str,
    /// The step's name.
    pub step: &'static str,
    /// What overrules it.
    pub reason: &'static str,
}

const CALLER_FIRST: &str =
    "the step carries no key, and who may call comes before what is in the body (contract section 9)";
const WRAPPER: &str = "issue 3 accepts the documented wrapper {\"config\": [...]}";

const OVERRULED: [Overruled; 8] = [
    overruled("admin_config/upload of cells that are refused", "top without a path", CALLER_FIRST),
    overruled("admin_config/upload of cells that are refused", "bad row without a path", CALLER_FIRST),
    overruled("admin_users/create with bad fields", "email without a dot", CALLER_FIRST),
    overruled("answer_config/create", "text without a title", CALLER_FIRST),
    overruled("answer_config/create", "paragraph without a title", CALLER_FIRST),
    overruled("answer_config/create", "single choice without a title", CALLER_FIRST),
    overruled("answer_config/create", "multiple choice without a title", CALLER_FIRST),
    overruled("answer_config/create", "documented body with a wrapper", WRAPPER),
];

const fn overruled(scenario: &'static str, step: &'static str, reason: &'static str) -> Overruled {
    Overruled { scenario, step, reason }
}

/// The overruled steps of a scenario.
pub fn of(area: &str, scenario: &str) -> Vec<&'static Overruled> {
    let name = format!("{area}/{scenario}");
    OVERRULED.iter().filter(|overruled| overruled.scenario == name).collect()
}

/// Entries that name no recorded step.
pub fn unknown(areas: &[Area]) -> Vec<String> {
    let exists = |overruled: &&Overruled| {
        areas.iter().any(|area| {
            let mut scenarios = area.scenarios.iter();
            scenarios.any(|scenario| {
                overruled.scenario == format!("{}/{}", area.name, scenario.name)
                    && scenario.steps.iter().any(|step| step.name == overruled.step)
            })
        })
    };
    OVERRULED.iter().filter(|overruled| !exists(overruled)).map(|it| format!("{}: {}", it.scenario, it.step)).collect()
}
