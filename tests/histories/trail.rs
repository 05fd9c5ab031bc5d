//! Compares the audit trail with the requests: an acknowledged change has one entry, a refused one has none, and entries are permanent.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use crate::evidence::{Call, Event};
use crate::history::Moment;

/// The compared parts of an entry.
#[derive(Clone, Debug, Deserialize)]
struct Entry {
    id: i64,
    action: String,
    resources: Vec<String>,
    details: Value,
    request_id: String,
}

/// One reading of the trail.
struct Reading {
    invoked: Moment,
    returned: Moment,
    /// It contains all entries that were written after `since`.
    since: Moment,
    floor: i64,
    entries: Vec<Entry>,
}

/// Returns an error if trail and requests disagree.
pub fn check(events: &[Event]) -> Result<(), String> {
    let readings = readings(events);
    let requests = Requests::of(events);
    for reading in &readings {
        requests.compare(reading).map_err(|wrong| format!("{wrong}, read at {} µs", reading.invoked))?;
    }
    for pair in readings.windows(2) {
        entries_stay(&pair[0], &pair[1])?;
    }
    readings.iter().filter(|reading| reading.floor == 0).try_for_each(steps_follow_each_other)
}

fn readings(events: &[Event]) -> Vec<Reading> {
    let reading = |event: &Event| {
        let Call::ReadTrail { since, floor } = event.call else { return None };
        let entries = event.success()?["entries"].clone();
        let entries = serde_json::from_value(entries).expect("entries as the API describes them");
        Some(Reading { invoked: event.invoked, returned: event.returned, since, floor, entries })
    };
    let mut readings: Vec<_> = events.iter().filter_map(reading).collect();
    readings.sort_by_key(|reading| reading.returned);
    readings
}

/// Returns the action that a call records, if it changes something.
fn action(call: &Call) -> Option<&'static str> {
    match call {
        Call::Upload { replaces: true, .. } => Some("assignments.replace"),
        Call::Upload { replaces: false, .. } => Some("assignments.upload"),
        Call::ReadUpload => Some("data.export"),
        Call::Publish { .. } => Some("questionnaire.publish"),
        Call::Create { .. } => Some("experiment.create"),
        Call::SetStatus { .. } => Some("experiment.set-status"),
        Call::Reset { .. } => Some("account.reset-password"),
        Call::Logout { .. } => Some("accounts.log-out"),
        _ => None,
    }
}

struct Requests<'a> {
    by_id: BTreeMap<&'a str, &'a Event>,
    /// Changes without a response, or whose response had no id.
    anonymous: Vec<(&'static str, &'a Event)>,
    /// Successful changes.
    acknowledged: Vec<(&'static str, &'a Event)>,
}

impl<'a> Requests<'a> {
    fn of(events: &'a [Event]) -> Self {
        let mut requests = Self { by_id: BTreeMap::new(), anonymous: Vec::new(), acknowledged: Vec::new() };
        for event in events {
            let Some(action) = action(&event.call) else { continue };
            match event.request_id() {
                Some(id) => _ = requests.by_id.insert(id, event),
                None if event.is_success() || event.is_indeterminate() => requests.anonymous.push((action, event)),
                None => {}
            }
            if event.is_success() {
                requests.acknowledged.push((action, event));
            }
        }
        requests
    }

    fn compare(&self, reading: &Reading) -> Result<(), String> {
        let mut unexplained: BTreeMap<&str, usize> = BTreeMap::new();
        let mut of_request: BTreeMap<&str, usize> = BTreeMap::new();
        let mut of_experiment: BTreeMap<&str, usize> = BTreeMap::new();
        for entry in &reading.entries {
            *of_request.entry(&entry.request_id).or_default() += 1;
            if let ("experiment.create", [experiment]) = (entry.action.as_str(), entry.resources.as_slice()) {
                *of_experiment.entry(experiment).or_default() += 1;
            }
            match self.by_id.get(entry.request_id.as_str()) {
                None => *unexplained.entry(&entry.action).or_default() += 1,
                Some(event) if event.is_success() || event.is_indeterminate() => {}
                Some(event) => return Err(format!("{:?} was refused, but has an entry", event.call)),
            }
        }
        if let Some((id, count)) = of_request.iter().find(|(_, count)| **count > 1) {
            return Err(format!("the request {:?} has {count} entries", self.by_id.get(id).map(|event| &event.call)));
        }
        for (action, count) in unexplained {
            let possible =
                self.anonymous.iter().filter(|(other, event)| *other == action && event.invoked < reading.returned);
            let possible = possible.count();
            if count > possible {
                return Err(format!(
                    "{count} entries {action} have no request, but only {possible} requests have no response"
                ));
            }
        }
        let settled = self
            .acknowledged
            .iter()
            .filter(|(_, event)| event.returned < reading.invoked && event.invoked > reading.since);
        for (action, event) in settled {
            let count = match (&event.call, event.request_id()) {
                // setting the same status changes nothing; a logout is not a request
                (Call::SetStatus { .. } | Call::Logout { .. }, _) | (_, None) => continue,
                (Call::Create { .. }, _) => {
                    let id = event.success().and_then(|body| body["data"]["experiment_id"].as_str());
                    // created before `since`, and repeated after it
                    let is_older = reading.since > 0;
                    let count = id.and_then(|id| of_experiment.get(id)).copied().unwrap_or_default();
                    if is_older { count.max(1) } else { count }
                }
                (_, Some(id)) => of_request.get(id).copied().unwrap_or_default(),
            };
            if count != 1 {
                return Err(format!("{:?} was acknowledged, but has {count} entries {action}", event.call));
            }
        }
        self.compare_logouts(reading)
    }

    fn compare_logouts(&self, reading: &Reading) -> Result<(), String> {
        let entries = reading.entries.iter().filter(|entry| entry.action == "accounts.log-out").count();
        let acknowledged = self.acknowledged.iter().filter(|(action, event)| {
            *action == "accounts.log-out" && event.returned < reading.invoked && event.invoked > reading.since
        });
        let acknowledged = acknowledged.count();
        if entries < acknowledged {
            return Err(format!("{acknowledged} logouts were acknowledged, but have {entries} entries"));
        }
        Ok(())
    }
}

fn entries_stay(earlier: &Reading, later: &Reading) -> Result<(), String> {
    if earlier.returned >= later.invoked {
        return Ok(());
    }
    let still: BTreeSet<i64> = later.entries.iter().map(|entry| entry.id).collect();
    let gone = earlier.entries.iter().find(|entry| entry.id > later.floor && !still.contains(&entry.id));
    gone.map_or(Ok(()), |entry| Err(format!("an entry {} has disappeared", entry.action)))
}

/// Verifies that each change of an experiment starts from the status that the previous change set.
fn steps_follow_each_other(whole: &Reading) -> Result<(), String> {
    let mut entries: Vec<_> = whole.entries.iter().filter(|entry| entry.action == "experiment.set-status").collect();
    entries.sort_by_key(|entry| entry.id);
    let mut statuses: BTreeMap<&str, &str> = BTreeMap::new();
    for entry in entries {
        let [experiment] = entry.resources.as_slice() else { return Err("an entry names no experiment".to_owned()) };
        let (from, to) = (entry.details["from"].as_str(), entry.details["to"].as_str());
        let before = statuses.insert(experiment, to.unwrap_or_default()).unwrap_or("active");
        if from != Some(before) {
            return Err(format!("an experiment became {before}, but its next change is from {from:?}"));
        }
    }
    Ok(())
}
