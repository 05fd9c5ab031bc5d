//! Judges a run.

use std::collections::BTreeMap;
use std::fmt::{self, Debug, Display, Write as _};

use crate::checker::{Verdict, check};
use crate::evidence::{Call, Event, Evidence};
use crate::history::{Model, Operation};
use crate::models::account::Account;
use crate::models::once::Once;
use crate::models::register::Register;
use crate::objects::{number_after, objects};
use crate::request::MARKERS;
use crate::shrink::shortest;
use crate::study::Assignments;
use crate::trail;

/// A violated rule.
#[derive(Debug)]
pub struct Violation {
    /// The kind of object, or the invariant.
    pub rule: &'static str,
    pub text: String,
}

impl Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.rule, self.text)
    }
}

/// The histories of one kind of object.
#[derive(Clone, Copy, Debug, Default)]
pub struct Size {
    pub histories: usize,
    pub operations: usize,
    pub longest: usize,
    pub indeterminate: usize,
}

/// The checked histories, by kind of object.
pub type Summary = Vec<(&'static str, Size)>;

/// Checks all requests and responses. Returns each violated rule once.
pub fn judge(evidence: &Evidence, assignments: &Assignments) -> Result<Summary, Vec<Violation>> {
    let objects = objects(evidence, assignments);
    let mut judge = Judge::default();
    for event in &evidence.events {
        judge.add(check_alone(event));
    }
    judge.add(trail::check(&evidence.events).map_err(|text| Violation { rule: "audit", text }));
    judge.check("assignment", &Once, &objects.assignments);
    judge.check("account", &Account, &objects.accounts);
    judge.check("questionnaire", &Register(0), &BTreeMap::from([("the newest", objects.questionnaire)]));
    judge.check("upload", &Register(0), &BTreeMap::from([("the last", objects.upload)]));
    judge.check("experiment", &Once, &objects.experiments);
    judge.check("status", &Register(0), &objects.statuses);
    if judge.violations.is_empty() { Ok(judge.summary) } else { Err(judge.violations) }
}

#[derive(Default)]
struct Judge {
    summary: Summary,
    violations: Vec<Violation>,
}

impl Judge {
    fn add(&mut self, checked: Result<(), Violation>) {
        let Err(violation) = checked else { return };
        if !self.violations.iter().any(|known| known.rule == violation.rule) {
            self.violations.push(violation);
        }
    }

    /// Checks the histories of all objects of a kind.
    fn check<M: Model, K: Debug>(
        &mut self,
        rule: &'static str,
        model: &M,
        histories: &BTreeMap<K, Vec<Operation<M::Operation>>>,
    ) {
        let mut size = Size::default();
        for (object, history) in histories {
            size.histories += 1;
            size.operations += history.len();
            size.longest = size.longest.max(history.len());
            size.indeterminate += history.iter().filter(|operation| operation.returned.is_none()).count();
            if !self.violations.iter().any(|known| known.rule == rule) {
                let checked = check_history(model, history);
                self.add(checked.map_err(|text| Violation { rule, text: format!("{object:?}: {text}") }));
            }
        }
        self.summary.push((rule, size));
    }
}

fn check_history<M: Model>(model: &M, history: &[Operation<M::Operation>]) -> Result<(), String> {
    match check(model, history) {
        Verdict::Linearizable => Ok(()),
        Verdict::Undecided => Err(format!("{} operations have too many possible orders", history.len())),
        Verdict::NotLinearizable => {
            let short = shortest(model, history);
            Err(format!("no order of these operations is possible\n{}", table(&short)))
        }
    }
}

/// Returns operations as lines, in order of invocation.
fn table<O: Debug + Clone>(history: &[Operation<O>]) -> String {
    let mut sorted = history.to_vec();
    sorted.sort_by_key(|operation| operation.invoked);
    let seconds = |moment: u64| format!("{}.{:06}", moment / 1_000_000, moment % 1_000_000);
    let mut lines = String::new();
    for Operation { client, invoked, returned, what } in &sorted {
        let returned = returned.map_or("never".to_owned(), seconds);
        writeln!(lines, "  client {client:2}  {:>11} to {returned:>11} s  {what:?}", seconds(*invoked))
            .expect("writing to a String cannot fail");
    }
    lines
}

/// Checks a single response.
fn check_alone(event: &Event) -> Result<(), Violation> {
    let wrong = |rule, text| Err(Violation { rule, text });
    if !is_expected(event) {
        return wrong("response", format!("{event:?}"));
    }
    let Some(body) = event.success() else { return Ok(()) };
    match event.call {
        Call::ReadUpload => {
            let rows = body["data"].as_array().map(Vec::as_slice).unwrap_or_default();
            let number = |row: &serde_json::Value| number_after(&row["path_config"].to_string(), "Upload.");
            let numbers: Vec<_> = rows.iter().map(number).collect();
            if numbers.len() == MARKERS && numbers.iter().all(|number| *number == numbers[0] && number.is_some()) {
                return Ok(());
            }
            wrong("upload", format!("a reader at {} µs saw rows of these uploads: {numbers:?}", event.invoked))
        }
        Call::List => {
            let experiments = body["data"]["experiments"].as_array().map(Vec::as_slice).unwrap_or_default();
            let mut names: Vec<_> = experiments.iter().map(|experiment| experiment["name"].to_string()).collect();
            names.sort_unstable();
            match names.windows(2).find(|pair| pair[0] == pair[1]) {
                Some(pair) => wrong("experiment", format!("{} was made twice with one key", pair[0])),
                None => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

/// Returns whether the status is possible for a valid request, because clients send no others.
fn is_expected(event: &Event) -> bool {
    if event.is_indeterminate() {
        return !event.is_fault();
    }
    match event.call {
        Call::Answer { .. } => matches!(event.status(), 200 | 409),
        Call::Reset { .. } => event.status() == 200 || event.code() == Some("1022"),
        Call::Login { .. } => event.status() == 200 || matches!(event.code(), Some("1005" | "1050")),
        Call::Use { .. } => matches!(event.status(), 200 | 401),
        Call::Create { .. } => event.status() == 201,
        _ => event.status() == 200,
    }
}
