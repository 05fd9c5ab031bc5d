//! References to assignments in requests.

use proptest::prelude::*;

use crate::model::Model;
use crate::people::{Caller, Person};
use crate::state::assignments::{Assignment, NO_CASE};

/// Refers to an assignment by its role for the caller.
#[derive(Clone, Copy, Debug)]
pub enum Task {
    /// The next assignment of the caller.
    Next,
    /// The last assignment that the caller answered.
    Answered,
    /// Any assignment, of any participant.
    Any(usize),
    Unknown,
}

impl Task {
    pub fn any() -> impl Strategy<Value = Self> {
        prop_oneof![
            8 => Just(Self::Next),
            4 => Just(Self::Answered),
            3 => (0..12_usize).prop_map(Self::Any),
            1 => Just(Self::Unknown),
        ]
    }
}

impl Model {
    /// Returns the first assignment that has a case and no answer.
    pub fn next_task(&self, who: Person) -> Option<&Assignment> {
        self.assignments.of(who).find(|task| task.case != NO_CASE && !self.answers.has(who, &task.id))
    }

    /// Returns the id of `task`.
    pub fn task_id(&self, task: Task, caller: Caller) -> String {
        let who = self.accounts.participant(caller).ok();
        let found = match task {
            Task::Next => who.and_then(|who| self.next_task(who)).map(|task| task.id.clone()),
            Task::Answered => who.and_then(|who| self.answers.last_task(who)),
            Task::Any(number) => self.assignments.0.get(number).map(|task| task.id.clone()),
            Task::Unknown => None,
        };
        found.unwrap_or_else(|| "unknown".to_owned())
    }

    /// Returns the assignment with this id, if it belongs to this participant.
    pub fn own_task(&self, who: Person, id: &str) -> Option<&Assignment> {
        self.assignments.of(who).find(|task| task.id == id)
    }
}
