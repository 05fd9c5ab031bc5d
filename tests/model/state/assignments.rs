//! The assignments.

use serde_json::{Value, json};

use crate::people::Person;

/// An assignment of a case to a participant.
#[derive(Clone, Debug)]
pub struct Assignment {
    pub id: String,
    pub who: Person,
    pub case: i32,
    /// JSON, as Python writes it.
    pub path_config: Value,
    pub arm: Option<&'static str>,
}

/// All assignments, in upload order.
#[derive(Clone, Debug)]
pub struct Assignments(pub Vec<Assignment>);

impl Default for Assignments {
    fn default() -> Self {
        let seed = |id: &str, who, case| Assignment { id: id.to_owned(), who, case, path_config: json!([]), arm: None };
        Self(vec![
            seed("task-0", Person::Alice, 1),
            seed("seed-a2", Person::Alice, NO_CASE),
            seed("seed-a3", Person::Alice, 3),
            seed("seed-a4", Person::Alice, 2),
            seed("task-1", Person::Bob, 2),
            seed("seed-b2", Person::Bob, 4),
            seed("seed-b3", Person::Bob, 1),
            seed("seed-z1", Person::Zoe, 4),
            seed("seed-z2", Person::Zoe, 3),
        ])
    }
}

/// The number of a case that does not exist.
pub const NO_CASE: i32 = 99;

impl Assignments {
    pub fn of(&self, who: Person) -> impl Iterator<Item = &Assignment> {
        self.0.iter().filter(move |assignment| assignment.who == who)
    }
}
