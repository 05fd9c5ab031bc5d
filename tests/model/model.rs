//! The reference model: what the contract says of the state, and of the answer to each request in it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::accounts::Accounts;
use crate::answers::Answers;
use crate::assignments::Assignments;
use crate::expected::{Answer, Expected, Token};
use crate::experiments::Experiments;
use crate::people::Caller;
use crate::questionnaires::Questionnaires;
use crate::request::{Body, Credentials, Request, Sent};

/// The state, which begins as `seed.sql` has it.
#[derive(Clone, Debug, Default)]
pub struct Model {
    pub accounts: Accounts,
    pub answers: Answers,
    pub assignments: Assignments,
    pub experiments: Experiments,
    pub questionnaires: Questionnaires,
    /// How many names of a kind there are.
    names: BTreeMap<&'static str, u32>,
    remembered: Vec<Remembered>,
    /// The audit trail, the newest entry last.
    pub trail: Vec<Value>,
}

/// A request that was carried out with an `Idempotency-Key`.
#[derive(Clone, Debug)]
struct Remembered {
    /// The address of the account; none of the API key.
    author: Option<String>,
    path: String,
    key: u8,
    body: String,
    answer: Answer,
}

impl Model {
    /// Returns what is sent, and the answer that is right; the state is the one behind it.
    pub fn respond(&mut self, request: &Request) -> (Sent, Expected) {
        let live: Vec<String> = self
            .accounts
            .sessions
            .iter()
            .filter(|session| session.is_live)
            .map(|session| session.name.clone())
            .collect();
        let (sent, mut expected) = match request {
            Request::Accounts(request) => self.account_request(request),
            Request::Answers(request) => self.answer_request(request),
            Request::Assignments(request) => self.assignment_request(request),
            Request::Audit(request) => self.audit_request(request),
            Request::Export(request) => self.export_request(request),
            Request::Experiments(request) => self.experiment_request(request),
            Request::Questionnaires(request) => self.questionnaire_request(request),
        };
        if expected.token == Token::Any {
            expected.token = match &sent.credentials {
                Credentials::Token(name) if live.contains(name) => Token::Presented,
                Credentials::Token(_) | Credentials::NoToken => Token::Any,
                Credentials::None | Credentials::Key | Credentials::WrongKey => Token::None,
            };
        }
        (sent, expected)
    }

    /// Returns a name for a value that the next answer has.
    pub fn new_name(&mut self, kind: &'static str) -> Value {
        let number = self.names.entry(kind).or_default();
        *number += 1;
        json!(format!("${{{kind}_{number}}}"))
    }

    /// Carries `change` out unless the same caller has sent the request before, with the same key. What is refused is not remembered.
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
}
