//! The published questionnaires.

use proptest::prelude::*;
use serde_json::{Value, json};

/// A questionnaire, by the titles of its questions.
#[derive(Clone, Debug)]
pub struct Questionnaire {
    pub id: Value,
    pub titles: Vec<String>,
}

/// All published questionnaires, oldest first.
#[derive(Clone, Debug)]
pub struct Questionnaires(pub Vec<Questionnaire>);

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

/// Refers to a questionnaire.
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
