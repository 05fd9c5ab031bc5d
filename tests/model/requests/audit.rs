//! Requests for the audit trail.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::expected::{Answer, Expected};
use crate::model::Model;
use crate::people::Caller;
use crate::sent::Sent;

/// `GET /admin/audit`.
#[derive(Clone, Debug)]
pub struct Request {
    caller: Caller,
}

pub fn any_request() -> impl Strategy<Value = Request> {
    Caller::researcher().prop_map(|caller| Request { caller })
}

impl Model {
    /// Requests as many entries as this test case has caused, newest first: those of earlier test cases remain in the trail.
    pub fn audit_request(&mut self, request: &Request) -> (Sent, Expected) {
        let path = format!("/admin/audit?limit={}", self.trail.len().max(1));
        let sent = Sent::get(path, self.accounts.credentials(request.caller));
        let entries: Vec<&Value> = self.trail.iter().rev().collect();
        let trail = if entries.is_empty() { json!({}) } else { json!({ "entries": entries }) };
        let refusal = self.accounts.refusal_of_researcher(request.caller);
        (sent, refusal.unwrap_or_else(|| Answer::data(200, trail)).into())
    }
}
