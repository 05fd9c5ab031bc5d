//! The reference model: the state that the contract describes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::expected::{Answer, Expected};
use crate::people::Caller;
use crate::sent::{Body, Sent};
use crate::state::accounts::Accounts;
use crate::state::answers::Answers;
use crate::state::assignments::Assignments;
use crate::state::experiments::Experiments;
use crate::state::questionnaires::Questionnaires;

/// The state; the initial one is that of `seed.sql`.
#[derive(Clone, Debug, Default)]
pub struct Model {
    pub accounts: Accounts,
    pub answers: Answers,
    pub assignments: Assignments,
    pub experiments: Experiments,
    pub questionnaires: Questionnaires,
    /// Number of names of each kind.
    names: BTreeMap<&'static str, u32>,
    remembered: Vec<Remembered>,
    /// The audit trail, the newest entry last.
    pub trail: Vec<Value>,
}

/// A request that was executed with an `Idempotency-Key`.
#[derive(Clone, Debug)]
struct Remembered {
    /// The address of the account; `None` for the API key.
    author: Option<String>,
    path: String,
    key: u8,
    body: String,
    answer: Answer,
}

impl Model {
    /// Returns a new name for a value in the next response.
    pub fn new_name(&mut self, kind: &'static str) -> Value {
        let number = self.names.entry(kind).or_default();
        *number += 1;
        json!(format!("${{{kind}_{number}}}"))
    }

    /// Executes `change`, unless the same caller has sent the request with the same key before. Refused requests are not remembered.
    pub fn once(
        &mut self,
        caller: Caller,
        sent: &Sent,
        change: impl FnOnce(&mut Self) -> Result<Answer, Answer>,
    ) -> Expected {
        let Some(key) = sent.idempotency_key else { return change(self).unwrap_or_else(|refusal| refusal).into() };
        let author = self.accounts.session(caller).map(|session| session.person.address());
        let Body::Json(body) = sent.body.clone() else { unreachable!("only JSON is sent with a key") };
        let same = |earlier: &&Remembered| (&earlier.author, &earlier.path, earlier.key) == (&author, &sent.path, key);
        if let Some(earlier) = self.remembered.iter().find(same) {
            return if earlier.body == body { earlier.answer.clone() } else { Answer::refused(422) }.into();
        }
        match change(self) {
            Err(refusal) => refusal.into(),
            Ok(answer) => {
                let path = sent.path.clone();
                self.remembered.push(Remembered { author, path, key, body, answer: answer.clone() });
                answer.into()
            }
        }
    }

    /// Records an action of a caller, or of an account that sets its own password.
    pub fn record(&mut self, action: &'static str, by: Option<Caller>) {
        let is_of_services =
            ["experiment.", "run.", "data.", "assignments.add"].iter().any(|part| action.starts_with(part));
        let actor = match by {
            Some(Caller::Key) if is_of_services => "export key",
            Some(Caller::Key) => "admin key",
            _ => "account",
        };
        self.trail.push(json!({"action": action, "actor": actor}));
    }
}
