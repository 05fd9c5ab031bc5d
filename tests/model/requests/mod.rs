//! The kinds of requests, and the responses that the contract specifies.

pub mod accounts;
pub mod answers;
pub mod assignments;
pub mod audit;
pub mod experiments;
pub mod exports;
pub mod files;
pub mod questionnaires;
pub mod task;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::expected::{Expected, Token};
use crate::model::Model;
use crate::people::{PARTICIPANTS, Person};
use crate::sent::{Credentials, Sent};

/// A request. It refers to things by their role in the study ("my next case"), so that it is meaningful after any other requests.
#[derive(Clone, Debug)]
pub enum Request {
    Accounts(accounts::Request),
    Answers(answers::Request),
    Assignments(assignments::Request),
    Audit(audit::Request),
    Export(exports::Request),
    Experiments(experiments::Request),
    Questionnaires(questionnaires::Request),
}

/// Generates the requests of a test case: any requests, or only those about the cases of one participant, which reach deeper states.
pub fn any_case() -> impl Strategy<Value = Vec<Request>> {
    prop_oneof![3 => vec(any_request(), 1..30), 1 => vec(request_about_cases(), 1..60)]
}

/// Generates requests, most of them by participants.
fn any_request() -> impl Strategy<Value = Request> {
    prop_oneof![
        2 => accounts::any_request().prop_map(Request::Accounts),
        6 => answers::any_request(PARTICIPANTS).prop_map(Request::Answers),
        5 => assignments::any_request(PARTICIPANTS).prop_map(Request::Assignments),
        1 => audit::any_request().prop_map(Request::Audit),
        3 => exports::any_request().prop_map(Request::Export),
        3 => experiments::any_request().prop_map(Request::Experiments),
        2 => questionnaires::any_request().prop_map(Request::Questionnaires),
    ]
}

fn request_about_cases() -> impl Strategy<Value = Request> {
    prop_oneof![
        5 => answers::any_request(&[Person::Alice]).prop_map(Request::Answers),
        4 => assignments::any_request(&[Person::Alice]).prop_map(Request::Assignments),
        1 => exports::any_request().prop_map(Request::Export),
    ]
}

impl Model {
    /// Returns the request to send and the expected responses, and updates the state.
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
}
