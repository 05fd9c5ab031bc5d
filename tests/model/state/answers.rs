//! Stored answers and timings.

use serde_json::{Value, json};

use crate::people::Person;

/// An answer that was stored.
#[derive(Clone, Debug)]
pub struct Stored {
    pub id: Value,
    pub task: String,
    pub case: i32,
    pub who: Person,
    pub content: Value,
    pub questionnaire: Value,
    pub score_shown: bool,
    pub arm: Option<&'static str>,
    /// Whether it is part of the seed.
    pub is_old: bool,
}

/// A timing that was stored.
#[derive(Clone, Debug)]
pub struct Timing {
    pub id: Value,
    pub task: String,
    pub case: i32,
    pub who: Person,
    pub seconds: u32,
}

/// Answers and timings, in order of their ids.
#[derive(Clone, Debug)]
pub struct Answers {
    pub all: Vec<Stored>,
    pub timings: Vec<Timing>,
}

/// Zoe has already given nine answers.
impl Default for Answers {
    fn default() -> Self {
        let done = (1..=9).map(|number| Stored {
            id: json!(10 + number),
            task: format!("zoe-done-{number}"),
            case: 1,
            who: Person::Zoe,
            content: json!({}),
            questionnaire: Value::Null,
            score_shown: false,
            arm: None,
            is_old: true,
        });
        Self { all: done.collect(), timings: Vec::new() }
    }
}

impl Answers {
    pub fn all_of(&self, who: Person) -> impl Iterator<Item = &Stored> {
        self.all.iter().filter(move |answer| answer.who == who)
    }

    pub fn count(&self, who: Person) -> usize {
        self.all_of(who).count()
    }

    pub fn has(&self, who: Person, task: &str) -> bool {
        self.all_of(who).any(|answer| answer.task == task)
    }

    pub fn last_task(&self, who: Person) -> Option<String> {
        self.all_of(who).last().map(|answer| answer.task.clone())
    }

    /// Returns the timing of the answer's assignment, otherwise the latest of the same case.
    pub fn timing_of(&self, answer: &Stored) -> Option<&Timing> {
        let of_case = self.timings.iter().filter(|timing| (timing.who, timing.case) == (answer.who, answer.case));
        of_case.max_by_key(|timing| timing.task == answer.task)
    }
}
