//! A client: sends its planned requests, and records the responses.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Bytes;
use http::Response;
use serde_json::{Value, json};
use tests::secrets;
use tokio::time::{Instant, sleep_until};

use crate::evidence::{Call, Event, Reply};
use crate::history::Moment;
use crate::plan::{Planned, Role, Step, Via};
use crate::request::{Names, build};
use crate::world::World;

/// Steps with a longer delay are skipped, so that clients work at the same time again after a fault.
const MAX_DELAY: Duration = Duration::from_secs(2);
/// Entries are final after half a minute, so an auditor reads only newer ones.
const SETTLED: Moment = 30_000_000;

pub struct Client {
    pub number: usize,
    pub role: Role,
    pub world: Arc<World>,
    pub steps: usize,
    /// The id of the assignment that was offered last.
    offered: Option<String>,
    /// The number of the last experiment that the client created.
    made: Option<u64>,
    /// Earlier readings of the audit trail: the time of the response, and the newest entry.
    readings: Vec<(Moment, i64)>,
}

impl Client {
    pub fn new(number: usize, role: Role, world: Arc<World>) -> Self {
        Self { number, role, world, steps: 0, offered: None, made: None, readings: Vec::new() }
    }

    /// Executes the planned steps, each at its time.
    pub async fn work(mut self, plan: Vec<Planned>, start: Instant) {
        for planned in plan {
            sleep_until(start + planned.at).await;
            if start.elapsed() > planned.at + MAX_DELAY {
                self.world.skipped.fetch_add(1, Ordering::Relaxed);
            } else {
                self.take(planned.via, planned.step).await;
            }
        }
    }

    /// Executes a step, unless its object does not exist yet.
    pub async fn take(&mut self, via: Via, step: Step) {
        self.steps += 1;
        match (self.role, step) {
            (Role::Participant(participant), Step::NextCase) => self.next_case(via, participant).await,
            (Role::Participant(participant), Step::Answer { case, value }) => {
                self.answer(via, participant, case, value).await;
            }
            (Role::Holder(account), Step::Reset { again }) => self.reset(via, account, again).await,
            (Role::Holder(account), Step::Login) => self.login(via, account).await,
            (Role::Holder(account), Step::Use) => self.use_session(via, account).await,
            (Role::Holder(account), Step::Logout) => self.logout(account).await,
            (_, Step::Upload { replaces }) => {
                let call = Call::Upload { number: self.world.number(), replaces };
                let names = Names { assignments: self.world.assignments_each, ..Names::default() };
                self.send(via, call, &names).await;
            }
            (_, Step::ReadUpload) => _ = self.send(via, Call::ReadUpload, &Names::default()).await,
            (_, Step::Publish) => {
                let number = self.world.number();
                self.send(via, Call::Publish { number }, &Names::default()).await;
            }
            (_, Step::ReadQuestionnaire) => _ = self.send(via, Call::ReadQuestionnaire, &Names::default()).await,
            (_, Step::Create { again }) => self.create(via, again).await,
            (_, Step::List) => _ = self.send(via, Call::List, &Names::default()).await,
            (_, Step::SetStatus { status }) => {
                let Some((number, id)) = self.experiment() else { return };
                self.send(via, Call::SetStatus { number, status }, &Names { id, ..Names::default() }).await;
            }
            (_, Step::ReadStatus) => {
                let Some((number, id)) = self.experiment() else { return };
                self.send(via, Call::ReadStatus { number }, &Names { id, ..Names::default() }).await;
            }
            (_, Step::ReadTrail) => self.read_trail(via, true).await,
            _ => {}
        }
    }

    fn experiment(&self) -> Option<(u64, String)> {
        self.world.experiment(!self.steps.is_multiple_of(3))
    }

    async fn next_case(&mut self, via: Via, participant: u32) {
        let names = self.with_token(participant, String::new());
        if let Some(next) = self.send(via, Call::NextCase { participant }, &names).await {
            self.offered = next["data"][0]["config_id"].as_str().map(str::to_owned);
        }
    }

    async fn answer(&mut self, via: Via, participant: u32, case: Option<u32>, value: u8) {
        let case = case.or_else(|| self.world.assignments.case(self.offered.as_ref()?));
        let Some(case) = case else { return };
        let Some(id) = self.world.assignments.id(participant, case).map(str::to_owned) else { return };
        let names = self.with_token(participant, id);
        self.send(via, Call::Answer { participant, case, value }, &names).await;
    }

    fn with_token(&self, participant: u32, id: String) -> Names {
        Names { token: self.world.tokens[participant as usize - 1].clone(), id, ..Names::default() }
    }

    async fn create(&mut self, via: Via, again: bool) {
        let number = self.made.filter(|_| again).unwrap_or_else(|| self.world.number());
        self.made = Some(number);
        let made = self.send(via, Call::Create { number }, &Names::default()).await;
        if let Some(id) = made.as_ref().and_then(|made| made["data"]["experiment_id"].as_str()) {
            self.world.add_experiment(number, id.to_owned());
        }
    }

    /// Reads the audit trail page by page: with `only_last` the entries that may be new, otherwise all.
    pub async fn read_trail(&mut self, via: Via, only_last: bool) {
        let invoked = self.world.journal.now();
        let settled = self.readings.iter().rev().find(|(returned, _)| *returned + SETTLED < invoked);
        let (since, floor) = settled.copied().filter(|_| only_last).unwrap_or_default();
        let (mut entries, mut cursor) = (Vec::new(), String::new());
        let reply = loop {
            let names = Names { id: cursor, ..Names::default() };
            let Some(request) = build(&Call::ReadTrail { since, floor }, &names) else { return };
            let response = self.world.send(via, request).await;
            let Reply::Answer { status: 200, body, request_id } = reply_of(response.as_ref()) else {
                break reply_of(response.as_ref());
            };
            entries.extend(body["data"]["entries"].as_array().cloned().unwrap_or_default());
            let oldest = entries.last().and_then(|entry| entry["id"].as_i64()).unwrap_or_default();
            let Some(next) = body["data"]["next_cursor"].as_i64().filter(|_| oldest > floor) else {
                entries.retain(|entry| entry["id"].as_i64().is_some_and(|id| id > floor));
                break Reply::Answer { status: 200, body: json!({ "entries": entries }), request_id };
            };
            cursor = format!("&cursor={next}");
        };
        if let Reply::Answer { status: 200, .. } = &reply {
            let newest = newest_entry(&reply).unwrap_or(floor);
            self.readings.push((self.world.journal.now(), newest));
        }
        self.record(invoked, Call::ReadTrail { since, floor }, reply);
    }

    /// Sends a call's request, and records call and response. Returns the body of a success.
    pub async fn send(&mut self, via: Via, call: Call, names: &Names) -> Option<Value> {
        let response = self.exchange(via, call, names).await?;
        if response.status().is_success() { serde_json::from_slice(response.body()).ok() } else { None }
    }

    pub async fn exchange(&mut self, via: Via, call: Call, names: &Names) -> Option<Response<Bytes>> {
        let request = build(&call, names)?;
        let invoked = self.world.journal.now();
        let response = self.world.send(via, request).await;
        self.record(invoked, call, reply_of(response.as_ref()));
        response
    }

    pub fn record(&self, invoked: Moment, call: Call, reply: Reply) {
        let returned = self.world.journal.now();
        self.world.journal.record(Event { client: self.number, invoked, returned, call, reply });
    }
}

fn newest_entry(reply: &Reply) -> Option<i64> {
    let Reply::Answer { body, .. } = reply else { return None };
    body["entries"][0]["id"].as_i64()
}

fn reply_of(response: Option<&Response<Bytes>>) -> Reply {
    let Some(response) = response else { return Reply::None };
    let status = response.status().as_u16();
    secrets::look_at_answer(status, response.body());
    let id = response.headers().get("x-request-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    Reply::Answer { status, body: serde_json::from_slice(response.body()).unwrap_or_default(), request_id: id }
}
