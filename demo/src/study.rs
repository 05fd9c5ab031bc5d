//! Reads the files of the demo study.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::to_raw_value;
use serde_json::{Map, Value};
use shared::python::json_dumps;
use uuid::Uuid;

use crate::arm::Arm;
use crate::case::Case;

pub(crate) const PAGE_CONFIG: &str = include_str!("page_config.json");

/// Lower bound of the demo's row ids. No sequence of a real study gets there.
pub(crate) const ABOVE_ALL_STUDIES: i32 = 2_000_000_000;

/// All data of the demo study.
#[derive(Debug)]
pub(crate) struct Study {
    pub concepts: Vec<Concept>,
    pub concept_relationships: Vec<ConceptRelationship>,
    pub cases: Vec<Case>,
    pub questionnaire: Value,
    pub accounts: Vec<Account>,
    /// In reading order of each participant.
    pub assignments: Vec<Assignment>,
    pub answers: Vec<Answer>,
}

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Concept {
    pub concept_id: i32,
    pub concept_name: String,
    pub domain_id: String,
    pub vocabulary_id: String,
}

#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct ConceptRelationship {
    concept_id_1: i32,
    concept_id_2: i32,
    relationship_id: String,
}

/// An account.
#[derive(Debug, Deserialize)]
pub struct Account {
    /// Invented.
    pub name: String,
    /// At example.org, where no mail is delivered.
    pub email: String,
    /// `None` if the person is invited but has not signed up.
    pub password: Option<String>,
    /// What the account is for, in a few words.
    pub about: String,
    /// Whether the account is an administrator.
    pub admin_flag: bool,
    pub(crate) position: String,
    pub(crate) employer: String,
    pub(crate) area_of_clinical_ex: Option<String>,
}

/// An assignment: participant, case and arm.
#[derive(Debug, Deserialize)]
pub(crate) struct Assignment {
    pub user_email: String,
    /// Number in [`Study::cases`], from one.
    pub case: i32,
    pub arm: Arm,
}

/// A participant's answer with its times.
#[derive(Debug, Deserialize)]
pub(crate) struct Answer {
    pub user_email: String,
    pub case: i32,
    pub case_open_time: DateTime<Utc>,
    pub answer_open_time: DateTime<Utc>,
    pub answer_submit_time: DateTime<Utc>,
    pub answer: Map<String, Value>,
}

impl Study {
    /// Reads the embedded files beside this one.
    pub fn embedded() -> Self {
        Self {
            concepts: csv(include_str!("concepts.csv")),
            concept_relationships: csv(include_str!("concept_relationships.csv")),
            cases: json(include_str!("cases.json")),
            questionnaire: json(include_str!("questionnaire.json")),
            accounts: json(include_str!("accounts.json")),
            assignments: csv(include_str!("assignments.csv")),
            answers: json(include_str!("answers.json")),
        }
    }

    /// Returns a case by its number, from one.
    pub fn case(&self, number: i32) -> &Case {
        usize::try_from(number - 1)
            .ok()
            .and_then(|index| self.cases.get(index))
            .expect("the files of the demo study agree")
    }

    /// Returns the assignment of a case to a participant.
    pub fn assignment(&self, user_email: &str, case: i32) -> &Assignment {
        let is_wanted = |assignment: &&Assignment| assignment.user_email == user_email && assignment.case == case;
        self.assignments.iter().find(is_wanted).expect("the files of the demo study agree")
    }

    /// Returns the `display_config.id` that an upload of the same assignment would give (contract, section 6).
    pub fn assignment_id(&self, assignment: &Assignment) -> String {
        let path_config = assignment.arm.path_config(self.case(assignment.case));
        let path_config = to_raw_value(&path_config).expect("paths and styles are JSON");
        let name = format!("{}-{}-{}", assignment.user_email, case_id(assignment.case), json_dumps(&path_config));
        Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()).simple().to_string()
    }

    /// Returns `concept_id` by `concept_name`.
    pub fn concept_ids(&self) -> HashMap<&str, i32> {
        self.concepts.iter().map(|concept| (concept.concept_name.as_str(), concept.concept_id)).collect()
    }
}

/// Returns `visit_occurrence_id`, which equals `person_id`, of a case.
pub(crate) fn case_id(number: i32) -> i32 {
    ABOVE_ALL_STUDIES + number
}

fn json<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).expect("the files of the demo study are part of the program")
}

fn csv<T: DeserializeOwned>(text: &str) -> Vec<T> {
    let rows = csv::Reader::from_reader(text.as_bytes()).into_deserialize().collect::<Result<_, _>>();
    rows.expect("the files of the demo study are part of the program")
}
