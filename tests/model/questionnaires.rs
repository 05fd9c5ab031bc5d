//! Questionnaires, and the attention check that comes with every tenth answer.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::expected::{ANY, Answer, Expected, Refusals};
use crate::model::Model;
use crate::people::{Caller, PARTICIPANTS};
use crate::request::Sent;

/// A questionnaire, by the titles of its questions.
#[derive(Clone, Debug)]
struct Questionnaire {
    id: Value,
    titles: Vec<String>,
}

/// All that were published, the newest last.
#[derive(Clone, Debug)]
pub struct Questionnaires(Vec<Questionnaire>);

impl Default for Questionnaires {
    fn default() -> Self {
        let of = |id: &str, titles: &[&str]| Questionnaire {
            id: json!(id),
            titles: titles.iter().map(|title| (*title).to_owned()).collect(),
        };
        Self(vec![
            of("11111111-1111-4111-8111-111111111111", &["Superseded question"]),
            of("22222222-2222-4222-8222-222222222222", &["Diagnose für Fall – wähle", "Reasoning"]),
        ])
    }
}

const ATTENTION_CHECK: &str = "Attention Check – please read carefully and select 'All of the above' below";

/// Names a questionnaire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    Newest,
    Oldest,
    Unknown,
    NoUuid,
}

impl Which {
    pub fn any() -> impl Strategy<Value = Self> {
        prop_oneof![12 => Just(Self::Newest), 2 => Just(Self::Oldest), 1 => Just(Self::Unknown), 1 => Just(Self::NoUuid)]
    }
}

impl Questionnaires {
    pub fn id(&self, which: Which) -> Value {
        match which {
            Which::Newest => self.0.last().map_or(Value::Null, |newest| newest.id.clone()),
            Which::Oldest => self.0.first().map_or(Value::Null, |oldest| oldest.id.clone()),
            Which::Unknown => json!("99999999-9999-4999-8999-999999999999"),
            Which::NoUuid => json!("newest"),
        }
    }
}

/// What is published.
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
        // without a token it is for anyone
        let has_token = self.accounts.session(caller).is_some() || matches!(caller, Caller::NoToken);
        let who = match self.accounts.participant(caller) {
            Err(refusal) if has_token => return (sent, refusal.into()),
            who => who.ok(),
        };
        let newest = self.questionnaires.0.last().expect("there is one at first");
        let is_tenth = who.is_some_and(|who| (self.answers.count(who) + 1).is_multiple_of(10));
        let titles = newest.titles.iter().map(String::as_str).chain(is_tenth.then_some(ATTENTION_CHECK));
        let config: Vec<Value> = titles.map(|title| json!({ "title": title, "type": ANY })).collect();
        (sent, Answer::data(200, json!({"id": newest.id, "config": config})).into())
    }
}
