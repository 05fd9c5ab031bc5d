//! Requests about questionnaires, and the attention check that is part of every tenth.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::expected::{ANY, Answer, Expected, Refusals};
use crate::model::Model;
use crate::people::{Caller, PARTICIPANTS};
use crate::sent::Sent;
use crate::state::questionnaires::Questionnaire;

const ATTENTION_CHECK: &str = "Attention Check – please read carefully and select 'All of the above' below";

/// The questions to publish.
#[derive(Clone, Copy, Debug)]
pub enum Questions {
    Good(usize),
    Empty,
    WithoutTitle,
    OneOption,
}

impl Questions {
    fn json(self) -> Value {
        match self {
            Self::Good(count) => (0..count).map(|number| json!({"type": "Text", "title": title(number)})).collect(),
            Self::Empty => json!([]),
            Self::WithoutTitle => json!([{"type": "Text"}]),
            Self::OneOption => json!([{"type": "SingleChoice", "title": "Which?", "options": ["this"]}]),
        }
    }
}

fn title(number: usize) -> String {
    format!("Question {number}")
}

#[derive(Clone, Debug)]
pub enum Request {
    Publish { caller: Caller, questions: Questions, key: Option<u8> },
    Read { caller: Caller },
}

pub fn any_request() -> impl Strategy<Value = Request> {
    let questions = prop_oneof![
        4 => (1..3_usize).prop_map(Questions::Good),
        1 => select(&[Questions::Empty, Questions::WithoutTitle, Questions::OneOption][..]),
    ];
    let key = prop::option::of(0..2_u8);
    prop_oneof![
        1 => (Caller::researcher(), questions, key)
            .prop_map(|(caller, questions, key)| Request::Publish { caller, questions, key }),
        2 => Caller::participant(PARTICIPANTS).prop_map(|caller| Request::Read { caller }),
    ]
}

impl Model {
    pub fn questionnaire_request(&mut self, request: &Request) -> (Sent, Expected) {
        match *request {
            Request::Publish { caller, questions, key } => self.publish(caller, questions, key),
            Request::Read { caller } => self.read_questionnaire(caller),
        }
    }

    fn publish(&mut self, caller: Caller, questions: Questions, key: Option<u8>) -> (Sent, Expected) {
        let credentials = self.accounts.credentials(caller);
        let sent = Sent::post("/admin/config/answer", credentials, &questions.json()).with_key(key);
        let mut refusals = Refusals::default();
        refusals.add(self.accounts.refusal_of_researcher(caller));
        refusals.add_if(!matches!(questions, Questions::Good(_)), Answer::error(400, "1020"));
        let expected = refusals.expected().unwrap_or_else(|| {
            self.once(caller, &sent, |model| {
                model.record("questionnaire.publish", Some(caller));
                let id = model.new_name("questionnaire");
                let titles = questions.json().as_array().map_or(0, Vec::len);
                model.questionnaires.0.push(Questionnaire { id: id.clone(), titles: (0..titles).map(title).collect() });
                Ok(Answer::data(200, json!({ "id": id })))
            })
        });
        (sent, expected)
    }

    fn read_questionnaire(&self, caller: Caller) -> (Sent, Expected) {
        let sent = Sent::get("/api/config/answer", self.accounts.credentials(caller));
        // the questionnaire is public, but an invalid token is refused
        let has_token = self.accounts.session(caller).is_some() || matches!(caller, Caller::NoToken);
        let who = match self.accounts.participant(caller) {
            Err(refusal) if has_token => return (sent, refusal.into()),
            who => who.ok(),
        };
        let newest = self.questionnaires.0.last().expect("the initial state has one");
        let is_tenth = who.is_some_and(|who| (self.answers.count(who) + 1).is_multiple_of(10));
        let titles = newest.titles.iter().map(String::as_str).chain(is_tenth.then_some(ATTENTION_CHECK));
        let config: Vec<Value> = titles.map(|title| json!({ "title": title, "type": ANY })).collect();
        (sent, Answer::data(200, json!({"id": newest.id, "config": config})).into())
    }
}
