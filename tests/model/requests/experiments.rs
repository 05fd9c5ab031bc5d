//! Requests about experiments and their runs.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::expected::{Answer, Expected, Refusals};
use crate::model::Model;
use crate::people::Caller;
use crate::sent::Sent;
use crate::state::experiments::{Experiment, Run, may_become};

#[derive(Clone, Debug)]
pub enum Request {
    Create { caller: Caller, name: &'static str, arms: Vec<&'static str>, key: Option<u8> },
    List { caller: Caller, status: Option<&'static str> },
    Show { caller: Caller, which: usize },
    SetStatus { caller: Caller, which: usize, status: &'static str },
    CreateRun { caller: Caller, which: usize, key: Option<u8> },
    ListRuns { caller: Caller, which: usize },
    Report { caller: Caller, which: usize, run: usize, status: &'static str },
}

const STATUSES: [&str; 4] = ["active", "paused", "completed", "archived"];

pub fn any_request() -> impl Strategy<Value = Request> {
    let caller = || Caller::researcher();
    let key = || prop::option::of(0..2_u8);
    let name = prop_oneof![6 => Just("Study"), 1 => Just("")];
    let arms = prop_oneof![6 => Just(vec!["control", "ai"]), 1 => Just(Vec::new()), 1 => Just(vec!["control", " "])];
    let status = || prop_oneof![8 => select(STATUSES.to_vec()), 1 => Just("over")];
    // the last index is the first new experiment, or an unknown one
    let which = || 0..5_usize;
    let run_status = prop_oneof![8 => select(vec!["pending", "running", "completed", "failed"]), 1 => Just("over")];
    prop_oneof![
        2 => (caller(), name, arms, key()).prop_map(|(caller, name, arms, key)| Request::Create { caller, name, arms, key }),
        2 => (caller(), prop::option::of(status())).prop_map(|(caller, status)| Request::List { caller, status }),
        1 => (caller(), which()).prop_map(|(caller, which)| Request::Show { caller, which }),
        2 => (caller(), which(), status()).prop_map(|(caller, which, status)| Request::SetStatus { caller, which, status }),
        3 => (caller(), which(), key()).prop_map(|(caller, which, key)| Request::CreateRun { caller, which, key }),
        1 => (caller(), which()).prop_map(|(caller, which)| Request::ListRuns { caller, which }),
        3 => (caller(), which(), 0..3_usize, run_status)
            .prop_map(|(caller, which, run, status)| Request::Report { caller, which, run, status }),
    ]
}

const PATH: &str = "/api/v1/experiments";

impl Model {
    pub fn experiment_request(&mut self, request: &Request) -> (Sent, Expected) {
        match request {
            Request::Create { caller, name, arms, key } => self.create_experiment(*caller, name, arms, *key),
            Request::List { caller, status } => self.list_experiments(*caller, *status),
            Request::Show { caller, which } => self.show_experiment(*caller, *which),
            Request::SetStatus { caller, which, status } => self.set_status(*caller, *which, status),
            Request::CreateRun { caller, which, key } => self.create_run(*caller, *which, *key),
            Request::ListRuns { caller, which } => self.list_runs(*caller, *which),
            Request::Report { caller, which, run, status } => self.report(*caller, *which, *run, status),
        }
    }

    fn experiment_path(&self, which: usize) -> String {
        let id = self.experiments.0.get(which).and_then(|experiment| experiment.id.as_str());
        format!("{PATH}/{}", id.unwrap_or("exp-unknown"))
    }

    /// Returns the refusals that any request about an experiment may get.
    fn refusals_of(&self, caller: Caller, which: usize) -> Refusals {
        let mut refusals = Refusals::default();
        refusals.add(self.accounts.refusal_of_researcher(caller));
        refusals.add_if(which >= self.experiments.0.len(), Answer::refused(404));
        refusals
    }

    fn create_experiment(&mut self, caller: Caller, name: &str, arms: &[&str], key: Option<u8>) -> (Sent, Expected) {
        let body = json!({"name": name, "arms": arms});
        let sent = Sent::post(PATH, self.accounts.credentials(caller), &body).with_key(key);
        let mut refusals = Refusals::default();
        refusals.add(self.accounts.refusal_of_researcher(caller));
        let has_arms = !arms.is_empty() && arms.iter().all(|arm| !arm.trim().is_empty());
        refusals.add_if(name.is_empty() || !has_arms, Answer::refused(400));
        let expected = refusals.expected().unwrap_or_else(|| {
            self.once(caller, &sent, |model| {
                model.record("experiment.create", Some(caller));
                let id = model.new_name("experiment");
                let experiment = Experiment { id, status: "active", runs: Vec::new() };
                let shown = experiment.shown();
                model.experiments.0.push(experiment);
                Ok(Answer::data(201, shown))
            })
        });
        (sent, expected)
    }

    fn list_experiments(&self, caller: Caller, status: Option<&str>) -> (Sent, Expected) {
        let query = status.map(|status| format!("?status={status}")).unwrap_or_default();
        let sent = Sent::get(format!("{PATH}{query}"), self.accounts.credentials(caller));
        let listed = || {
            let newest = self.experiments.0.iter().rev();
            let wanted = newest.filter(|experiment| status.is_none_or(|status| status == experiment.status));
            let experiments: Vec<Value> = wanted.map(Experiment::shown).collect();
            Answer::data(200, json!({ "experiments": experiments }))
        };
        (sent, self.accounts.refusal_of_researcher(caller).unwrap_or_else(listed).into())
    }

    fn show_experiment(&self, caller: Caller, which: usize) -> (Sent, Expected) {
        let sent = Sent::get(self.experiment_path(which), self.accounts.credentials(caller));
        let expected = self.refusals_of(caller, which).expected().unwrap_or_else(|| {
            let experiment = &self.experiments.0[which];
            let mut shown = experiment.shown();
            shown["runs"] = json!(experiment.shown_runs());
            Answer::data(200, shown).into()
        });
        (sent, expected)
    }

    fn set_status(&mut self, caller: Caller, which: usize, status: &'static str) -> (Sent, Expected) {
        let path = format!("{}/status", self.experiment_path(which));
        let sent = Sent::post(path, self.accounts.credentials(caller), &json!({ "status": status }));
        let sent = Sent { method: http::Method::PATCH, ..sent };
        let mut refusals = self.refusals_of(caller, which);
        refusals.add_if(!STATUSES.contains(&status), Answer::refused(400));
        let expected = refusals.expected().unwrap_or_else(|| {
            if self.experiments.0[which].status != status {
                self.record("experiment.set-status", Some(caller));
            }
            self.experiments.0[which].status = status;
            Answer::data(200, self.experiments.0[which].shown()).into()
        });
        (sent, expected)
    }

    fn create_run(&mut self, caller: Caller, which: usize, key: Option<u8>) -> (Sent, Expected) {
        let path = format!("{}/runs", self.experiment_path(which));
        let sent = Sent::post(path, self.accounts.credentials(caller), &json!({})).with_key(key);
        let expected = self.refusals_of(caller, which).expected().unwrap_or_else(|| {
            self.once(caller, &sent, |model| {
                if model.experiments.0[which].status != "active" {
                    return Err(Answer::refused(400));
                }
                model.record("run.create", Some(caller));
                let run = Run { id: model.new_name("run"), status: "pending" };
                let shown = run.shown();
                model.experiments.0[which].runs.push(run);
                Ok(Answer::data(201, shown))
            })
        });
        (sent, expected)
    }

    fn list_runs(&self, caller: Caller, which: usize) -> (Sent, Expected) {
        let sent = Sent::get(format!("{}/runs", self.experiment_path(which)), self.accounts.credentials(caller));
        let listed = || Answer::data(200, json!({"runs": self.experiments.0[which].shown_runs()})).into();
        (sent, self.refusals_of(caller, which).expected().unwrap_or_else(listed))
    }

    fn report(&mut self, caller: Caller, which: usize, run: usize, status: &'static str) -> (Sent, Expected) {
        let found = self.experiments.0.get(which).and_then(|experiment| experiment.runs.get(run));
        let id = found.map_or_else(
            || "999999".to_owned(),
            |run| run.id.as_str().map_or_else(|| run.id.to_string(), str::to_owned),
        );
        let path = format!("{}/runs/{id}", self.experiment_path(which));
        let sent = Sent::post(path, self.accounts.credentials(caller), &json!({ "status": status }));
        let sent = Sent { method: http::Method::PATCH, ..sent };
        let mut refusals = Refusals::default();
        refusals.add(self.accounts.refusal_of_researcher(caller));
        refusals.add_if(found.is_none(), Answer::refused(404));
        refusals.add_if(status == "over", Answer::refused(400));
        refusals
            .add_if(status != "over" && found.is_some_and(|run| !may_become(run.status, status)), Answer::refused(409));
        let expected = refusals.expected().unwrap_or_else(|| {
            if self.experiments.0[which].runs[run].status != status {
                self.record("run.set-status", Some(caller));
            }
            let run = &mut self.experiments.0[which].runs[run];
            run.status = status;
            Answer::data(200, run.shown()).into()
        });
        (sent, expected)
    }
}
