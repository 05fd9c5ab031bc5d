//! Steps that call routes which do not exist yet. Each is listed here, and only as long as it has to be: a scenario
//! fails when a route that it awaits answers.

use tests::contract::answer::Outcome;
use tests::contract::scenario::{Action, Scenario, Step};

/// A route that a scenario calls before it exists.
pub struct Awaited {
    /// `AREA/SCENARIO`.
    scenario: &'static str,
    /// What the paths of its steps begin with.
    route: &'static str,
    /// Steps that read what those would have stored.
    dependents: &'static [&'static str],
    /// What brings the route.
    reason: &'static str,
}

const AWAITED: [Awaited; 4] = [
    Awaited {
        scenario: "answer_config/create",
        route: "/admin/config/answer",
        dependents: &["it is the latest now", "come back unchanged"],
        reason: "issue 3: administration",
    },
    Awaited {
        scenario: "cross_cutting/token claims",
        route: "/admin/users",
        dependents: &[],
        reason: "issue 3: administration",
    },
    Awaited {
        scenario: "cross_cutting/cross-origin requests",
        route: "/api/v1/export",
        dependents: &[],
        reason: "issue 3: export",
    },
    Awaited {
        scenario: "cross_cutting/one participant's day",
        route: "/api/v1/export",
        dependents: &[],
        reason: "issue 3: export",
    },
];

/// What this scenario has to do without.
pub fn by(area: &str, scenario: &Scenario) -> Vec<&'static Awaited> {
    let name = format!("{area}/{}", scenario.name);
    AWAITED.iter().filter(|awaited| awaited.scenario == name).collect()
}

/// Entries that no scenario needs.
pub fn unneeded<'a>(scenarios: impl Iterator<Item = (&'a str, &'a Scenario)>) -> Vec<String> {
    let mut unneeded: Vec<&Awaited> = AWAITED.iter().collect();
    for (area, scenario) in scenarios {
        let name = format!("{area}/{}", scenario.name);
        let calls = |awaited: &Awaited| scenario.steps.iter().any(|step| awaited.calls(step));
        unneeded.retain(|awaited| awaited.scenario != name || !calls(awaited));
    }
    unneeded.iter().map(|awaited| format!("{} does not call {}", awaited.scenario, awaited.route)).collect()
}

impl Awaited {
    /// Whether the step cannot be judged without the route.
    pub fn excuses(&self, step: &Step) -> bool {
        self.calls(step) || self.dependents.contains(&step.name.as_str())
    }

    /// A complaint if the route answers: it is no longer awaited.
    pub fn complaint(&self, step: &Step, outcome: &Outcome) -> Option<String> {
        let answers = matches!(outcome, Outcome::Answer(answer) if answer.status != 404);
        let complaint = || format!("{} answers: {:?} in awaited.rs is over\n", step.summary(), self.reason);
        (self.calls(step) && answers).then(complaint)
    }

    fn calls(&self, step: &Step) -> bool {
        matches!(&step.action, Action::Http(http) if http.path.starts_with(self.route))
    }
}
