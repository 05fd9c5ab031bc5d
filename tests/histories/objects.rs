//! The history of each object, taken from what the clients have seen.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::evidence::{Call, Event, Evidence};
use crate::history::{Moment, Operation};
use crate::models::account::Operation as OfAccount;
use crate::models::once::{Operation as OfOnce, Outcome};
use crate::models::register::Operation as OfRegister;
use crate::request::STATUSES;
use crate::study::Assignments;

/// A list of experiments is compared with those that were asked for in this time before.
const LISTED: Moment = 30_000_000;

type Histories<K, O> = BTreeMap<K, Vec<Operation<O>>>;

/// One history for each object.
#[derive(Default)]
pub struct Objects {
    /// By participant and case.
    pub assignments: Histories<(u32, u32), OfOnce>,
    pub accounts: Histories<u32, OfAccount>,
    pub questionnaire: Vec<Operation<OfRegister>>,
    pub upload: Vec<Operation<OfRegister>>,
    /// The experiments that a key has made.
    pub experiments: Histories<u64, OfOnce>,
    pub statuses: Histories<u64, OfRegister>,
}

/// Returns the histories of all objects.
pub fn objects(evidence: &Evidence, assignments: &Assignments) -> Objects {
    let mut objects = Objects::default();
    for event in &evidence.events {
        objects.add(event);
    }
    objects.add_offers(evidence, assignments);
    objects.add_uses(evidence);
    objects.add_lists(evidence);
    objects
}

impl Event {
    /// The operation with its times; without a response if nobody knows whether it was carried out.
    fn operation<O>(&self, what: O) -> Operation<O> {
        let returned = (!self.is_indeterminate()).then_some(self.returned);
        Operation { client: self.client, invoked: self.invoked, returned, what }
    }

    /// The id in the body, or a refusal; None if nobody knows.
    fn put(&self, id: impl Fn(&Value) -> String) -> Option<Outcome> {
        match self.success() {
            Some(body) => Some(Outcome::Stored(id(&body["data"]))),
            None if self.is_indeterminate() => None,
            None => Some(Outcome::Conflict),
        }
    }
}

/// The number in a text such as `Question 7`, where `name` is `Question `.
pub fn number_after(text: &str, name: &str) -> Option<u64> {
    let rest = &text[text.find(name)? + name.len()..];
    let end = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

impl Objects {
    fn add(&mut self, event: &Event) {
        match event.call {
            Call::Answer { participant, case, value } => {
                let put = OfOnce::Put { value, outcome: event.put(|data| data["id"].to_string()) };
                self.assignments.entry((participant, case)).or_default().push(event.operation(put));
            }
            Call::Create { number } => {
                let put = OfOnce::Put { value: 0, outcome: event.put(|data| data["experiment_id"].to_string()) };
                self.experiments.entry(number).or_default().push(event.operation(put));
            }
            Call::Upload { number, .. } => self.upload.push(event.operation(OfRegister::Write(number))),
            Call::Publish { number } => self.questionnaire.push(event.operation(OfRegister::Write(number))),
            Call::SetStatus { number, status } => {
                let write = OfRegister::Write(status.into());
                self.statuses.entry(number).or_default().push(event.operation(write));
            }
            Call::Link { account, .. }
            | Call::Reset { account, .. }
            | Call::Login { account, .. }
            | Call::Logout { account } => {
                let what = of_account(event);
                self.accounts.entry(account).or_default().extend(what.map(|what| event.operation(what)));
            }
            _ => self.add_read(event),
        }
    }

    fn add_read(&mut self, event: &Event) {
        let Some(body) = event.success() else { return };
        match event.call {
            Call::ReadQuestionnaire => {
                let title = body["data"]["config"][0]["title"].as_str().unwrap_or_default();
                let number = number_after(title, "Question ").expect("each questionnaire has a number");
                self.questionnaire.push(event.operation(OfRegister::Read(number)));
            }
            Call::ReadUpload => {
                // whether all rows are of one upload is checked elsewhere
                let first = body["data"][0]["path_config"].to_string();
                let number = number_after(&first, "Upload.");
                self.upload.extend(number.map(|number| event.operation(OfRegister::Read(number))));
            }
            Call::ReadStatus { number } => {
                let status = STATUSES.iter().zip(0..).find(|(status, _)| body["data"]["status"] == **status);
                let (_, status) = status.expect("a known status");
                self.statuses.entry(number).or_default().push(event.operation(OfRegister::Read(status)));
            }
            _ => {}
        }
    }

    /// An offered case is unanswered, and those before it are answered. Most readings only repeat what is known for good.
    fn add_offers(&mut self, evidence: &Evidence, assignments: &Assignments) {
        let mut known_since: BTreeMap<(u32, u32), Moment> = BTreeMap::new();
        for (object, history) in &self.assignments {
            let known = history.iter().filter_map(|operation| operation.returned).min();
            known_since.extend(known.map(|known| (*object, known)));
        }
        let mut events: Vec<&Event> = evidence.events.iter().collect();
        events.sort_by_key(|event| event.returned);
        for event in events {
            let (Call::NextCase { participant }, Some(body)) = (&event.call, event.success()) else { continue };
            let offered = body["data"][0]["config_id"].as_str().and_then(|id| assignments.case(id));
            let Some(offered) = offered else { continue };
            for case in 1..=offered {
                let (object, is_empty) = ((*participant, case), case == offered);
                let known = known_since.get(&object).copied().unwrap_or(Moment::MAX);
                if is_empty || event.invoked <= known {
                    let look = event.operation(OfOnce::Look { is_empty });
                    self.assignments.entry(object).or_default().push(look);
                }
                if !is_empty {
                    known_since.insert(object, known.min(event.returned));
                }
            }
        }
    }

    /// A 401 says that the session has ended, unless a clock was wrong since the login.
    fn add_uses(&mut self, evidence: &Evidence) {
        let logins: BTreeMap<u64, Moment> = evidence.events.iter().filter_map(login).collect();
        for event in &evidence.events {
            let Call::Use { account, session } = event.call else { continue };
            let begin = logins.get(&session).copied().unwrap_or_default();
            let is_served = event.is_success();
            let overlaps = |(from, until): &(Moment, Moment)| *from <= event.returned && *until >= begin;
            let is_telling = is_served || event.status() == 401 && !evidence.wrong_clocks.iter().any(overlaps);
            if is_telling {
                let what = OfAccount::Use { session, is_served };
                self.accounts.entry(account).or_default().push(event.operation(what));
            }
        }
    }

    /// Whether a list has the experiments that were asked for shortly before.
    fn add_lists(&mut self, evidence: &Evidence) {
        let first = |history: &Vec<Operation<_>>| history.iter().map(|operation| operation.invoked).min();
        let asked: Vec<_> = self.experiments.iter().filter_map(|(number, of)| Some((*number, first(of)?))).collect();
        for event in &evidence.events {
            let (Call::List, Some(body)) = (&event.call, event.success()) else { continue };
            let listed = body["data"]["experiments"].as_array();
            let name = |experiment: &Value| number_after(experiment["name"].as_str()?, "Experiment ");
            let listed: Vec<u64> = listed.into_iter().flatten().filter_map(name).collect();
            for (number, asked_at) in &asked {
                if (*asked_at..*asked_at + LISTED).contains(&event.invoked) {
                    let look = event.operation(OfOnce::Look { is_empty: !listed.contains(number) });
                    self.experiments.entry(*number).or_default().push(look);
                }
            }
        }
    }
}

fn login(event: &Event) -> Option<(u64, Moment)> {
    if let Call::Login { session, .. } = event.call { Some((session, event.invoked)) } else { None }
}

fn of_account(event: &Event) -> Option<OfAccount> {
    Some(match event.call {
        Call::Link { link, .. } => OfAccount::Link(link),
        Call::Reset { link, password, .. } => {
            let is_done = (!event.is_indeterminate()).then_some(event.is_success());
            OfAccount::Reset { link, password, is_done }
        }
        Call::Login { password, session, .. } if event.is_success() => {
            OfAccount::Login { password, session: Some(session) }
        }
        Call::Login { password, .. } if event.code() == Some("1005") => OfAccount::Login { password, session: None },
        Call::Logout { .. } => OfAccount::Logout,
        _ => return None,
    })
}
