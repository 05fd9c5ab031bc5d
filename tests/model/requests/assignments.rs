//! Requests about assignments: uploads, batches, the next case, and the export of assignments.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::expected::{ANY, Answer, Expected, Refusals};
use crate::model::Model;
use crate::people::{Caller, Person};
use crate::requests::files::{Defect, Entry, Row, assignments_of};
use crate::requests::task::Task;
use crate::sent::{Body, Sent};
use crate::state::assignments::{Assignment, NO_CASE};

/// Returns age and gender of a case, as in the list of cases.
fn patient(case: i32) -> (&'static str, &'static str) {
    match case {
        1 => ("64", "FEMALE"),
        2 => ("39", "MALE"),
        3 => ("23", "Não-binário / 非二元"),
        _ => ("0", "MALE"),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upload {
    /// `/admin/config/upload`.
    ReplaceAll,
    /// The upload of the frontend's page.
    Add,
    Preview,
}

#[derive(Clone, Debug)]
pub enum Request {
    Upload { caller: Caller, kind: Upload, rows: Vec<Row>, defect: Option<Defect> },
    Batch { caller: Caller, entries: Vec<Entry> },
    Next { caller: Caller },
    Review { caller: Caller, task: Task },
}

/// Generates requests about these participants.
pub fn any_request(who: &'static [Person]) -> impl Strategy<Value = Request> {
    let kinds = select(&[Upload::ReplaceAll, Upload::Add, Upload::ReplaceAll, Upload::Preview][..]);
    let rows = prop::collection::vec(Row::any(who), 0..6);
    prop_oneof![
        4 => (Caller::researcher(), kinds, rows, Defect::any())
            .prop_map(|(caller, kind, rows, defect)| Request::Upload { caller, kind, rows, defect }),
        3 => (Caller::researcher(), prop::collection::vec(Entry::any(who), 0..4))
            .prop_map(|(caller, entries)| Request::Batch { caller, entries }),
        6 => Caller::participant(who).prop_map(|caller| Request::Next { caller }),
        2 => (Caller::participant(who), Task::any()).prop_map(|(caller, task)| Request::Review { caller, task }),
    ]
}

impl Model {
    pub fn assignment_request(&mut self, request: &Request) -> (Sent, Expected) {
        match request {
            Request::Upload { caller, kind, rows, defect } => self.upload(*caller, *kind, rows, *defect),
            Request::Batch { caller, entries } => self.batch(*caller, entries),
            Request::Next { caller } => self.next(*caller),
            Request::Review { caller, task } => self.review(*caller, *task),
        }
    }

    fn upload(&mut self, caller: Caller, kind: Upload, rows: &[Row], defect: Option<Defect>) -> (Sent, Expected) {
        let lines: String = rows.iter().map(|row| row.line() + "\n").collect();
        let last = defect.map_or("", Defect::line);
        let csv = format!("User,Case No.,Path,Collapse,Highlight,Top,Arm\n{lines}{last}");
        let file_name = match defect {
            Some(Defect::NoFile) => None,
            Some(Defect::NoCsv) => Some("study.xlsx"),
            _ => Some("study.csv"),
        };
        let path = match kind {
            Upload::ReplaceAll => "/admin/config/upload",
            Upload::Add => "/api/admin/config/upload",
            Upload::Preview => "/api/admin/config/upload/preview",
        };
        let get = Sent::get(path, self.accounts.credentials(caller));
        let sent = Sent { method: http::Method::POST, body: Body::Form { file_name, csv }, ..get };
        let uploaded = assignments_of(rows);
        let code = defect.map(Defect::code).or(uploaded.is_empty().then_some("1006"));
        let mut refusals = Refusals::default();
        refusals.add(self.accounts.refusal_of_researcher(caller));
        refusals.add(code.map(|code| match (kind, defect) {
            // the route for scripts reports a malformed form by the status
            (Upload::ReplaceAll, Some(Defect::NoFile | Defect::NoCsv)) => Answer::refused(400),
            (Upload::ReplaceAll, _) => Answer::error(400, code),
            (Upload::Add | Upload::Preview, _) => Answer::business(code),
        }));
        let expected = refusals.expected().unwrap_or_else(|| match kind {
            Upload::ReplaceAll => {
                self.record("assignments.replace", Some(caller));
                self.replace_all(uploaded)
            }
            Upload::Add => {
                self.record("assignments.upload", Some(caller));
                self.add_or_update(&uploaded)
            }
            Upload::Preview => preview(&uploaded),
        });
        (sent, expected)
    }

    fn replace_all(&mut self, uploaded: Vec<Assignment>) -> Expected {
        let key = |task: &Assignment| format!("{}-{}", task.who.address(), task.case);
        let added: Vec<_> =
            uploaded.iter().map(|task| json!({"user_case_key": key(task), "status": "added"})).collect();
        self.assignments.0 = uploaded;
        Answer::data(200, json!(added)).into()
    }

    /// If a user already has the case, that assignment keeps its id and position: the one with the same id, otherwise the first one.
    fn add_or_update(&mut self, uploaded: &[Assignment]) -> Expected {
        let (mut results, mut updated) = (Vec::new(), 0);
        for task in uploaded {
            let of_case = |other: &Assignment| (other.who, other.case) == (task.who, task.case);
            let same_id = self.assignments.0.iter().position(|other| of_case(other) && other.id == task.id);
            let place = same_id.or_else(|| self.assignments.0.iter().position(of_case));
            let status = if let Some(place) = place {
                let id = self.assignments.0[place].id.clone();
                self.assignments.0[place] = Assignment { id, ..task.clone() };
                updated += 1;
                "updated"
            } else {
                self.assignments.0.push(task.clone());
                "created"
            };
            results.push(json!({"user_email": task.who.address(), "case_id": task.case, "status": status}));
        }
        let summary = json!({"total": results.len(), "created": results.len() - updated, "updated": updated});
        Answer::data(200, json!({"results": results, "summary": summary})).into()
    }

    fn batch(&mut self, caller: Caller, entries: &[Entry]) -> (Sent, Expected) {
        let configs: Vec<Value> = entries.iter().map(|entry| entry.json()).collect();
        let credentials = self.accounts.credentials(caller);
        let sent = Sent::post("/api/v1/configs/batch", credentials, &json!({ "configs": configs }));
        let has_wrong_value = entries.iter().any(|entry| entry.defect == Some(Defect::CaseIsText));
        let has_right = entries.iter().any(|entry| entry.defect.is_none());
        let mut refusals = Refusals::default();
        refusals.add(self.accounts.refusal_of_researcher(caller));
        refusals.add_if(entries.is_empty() || has_wrong_value && !has_right, Answer::refused(400));
        let expected = refusals.expected().unwrap_or_else(|| {
            let outcomes: Vec<&str> = entries.iter().map(|entry| self.add(*entry)).collect();
            if outcomes.contains(&"added") {
                self.record("assignments.add", Some(caller));
            }
            let results: Vec<Value> = outcomes.iter().map(|outcome| json!({ "status": outcome })).collect();
            Answer::data(201, json!({"results": results, "total": entries.len()})).into()
        });
        (sent, expected)
    }

    fn add(&mut self, entry: Entry) -> &'static str {
        let new = entry.assignment();
        if entry.defect.is_some() || self.assignments.0.iter().any(|other| other.id == new.id) {
            return "failed";
        }
        self.assignments.0.push(new);
        "added"
    }

    fn next(&self, caller: Caller) -> (Sent, Expected) {
        let sent = Sent::get("/api/cases", self.accounts.credentials(caller));
        let expected = self.accounts.participant(caller).map_or_else(Expected::from, |who| {
            let next = self.next_task(who).map(|task| {
                let (age, gender) = patient(task.case);
                json!({"config_id": task.id, "case_id": task.case, "age": age, "gender": gender})
            });
            Answer::data(200, json!(next.into_iter().collect::<Vec<_>>())).into()
        });
        (sent, expected)
    }

    fn review(&self, caller: Caller, task: Task) -> (Sent, Expected) {
        let id = self.task_id(task, caller);
        let sent = Sent::get(format!("/api/case-reviews/{id}"), self.accounts.credentials(caller));
        let expected = self.accounts.participant(caller).map_or_else(Expected::from, |who| {
            let own = self.own_task(who, &id).filter(|task| task.case != NO_CASE);
            let review = |task: &Assignment| {
                Answer::data(200, json!({"caseNumber": task.case.to_string(), "details": ANY, "importantInfos": ANY}))
            };
            own.map_or_else(|| Answer::business("1010"), review).into()
        });
        (sent, expected)
    }

    /// Returns the rows of the export of assignments.
    pub fn exported_assignments(&self) -> Vec<Value> {
        let mut sorted: Vec<&Assignment> = self.assignments.0.iter().collect();
        sorted.sort_by_key(|task| (task.who.address(), task.case, task.id.clone()));
        let row = |task: &Assignment| {
            json!({"config_id": task.id, "user_email": task.who.address(), "case_id": task.case,
                   "path_config": task.path_config})
        };
        sorted.into_iter().map(row).collect()
    }
}

fn preview(uploaded: &[Assignment]) -> Expected {
    let (mut users, mut cases) = (Vec::new(), Vec::new());
    for task in uploaded {
        if !users.contains(&task.who.address()) {
            users.push(task.who.address());
        }
        if !cases.contains(&task.case) {
            cases.push(task.case);
        }
    }
    let config = |task: &Assignment| json!({"user_email": task.who.address(), "case_id": task.case, "path_config": task.path_config, "arm": task.arm});
    let configs: Vec<Value> = uploaded.iter().map(config).collect();
    Answer::data(200, json!({"configs": configs, "total": uploaded.len(), "users": users, "cases": cases})).into()
}
