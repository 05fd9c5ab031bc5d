//! A value that is written once: the answer to an assignment, and the object created with an `Idempotency-Key`. The first value wins;
//! writing the same value again returns the id of the first.

use crate::history::{self, Model};

/// Empty at first.
#[derive(Clone, Copy, Debug)]
pub struct Once;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `outcome` is `None` if it is unknown.
    Put { value: u8, outcome: Option<Outcome> },
    /// A read: it is still empty if its case is offered, or if a list does not contain it.
    Look { is_empty: bool },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With this id.
    Stored(String),
    /// Another value was stored before.
    Conflict,
}

/// The first value, and its id once a response has revealed it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stored {
    value: u8,
    id: Option<String>,
}

impl Model for Once {
    type State = Option<Stored>;
    type Operation = Operation;

    fn initial(&self) -> Option<Stored> {
        None
    }

    fn apply(&self, state: &Option<Stored>, operation: &Operation) -> Option<Option<Stored>> {
        match (state, operation) {
            (_, Operation::Look { is_empty }) => (state.is_none() == *is_empty).then(|| state.clone()),
            (None, Operation::Put { value, outcome: None }) => Some(Some(Stored { value: *value, id: None })),
            (None, Operation::Put { value, outcome: Some(Outcome::Stored(id)) }) => {
                Some(Some(Stored { value: *value, id: Some(id.clone()) }))
            }
            (None, Operation::Put { outcome: Some(Outcome::Conflict), .. }) => None,
            (Some(_), Operation::Put { outcome: None, .. }) => Some(state.clone()),
            (Some(stored), Operation::Put { value, outcome: Some(Outcome::Conflict) }) => {
                (stored.value != *value).then(|| state.clone())
            }
            (Some(stored), Operation::Put { value, outcome: Some(Outcome::Stored(id)) }) => {
                let is_same = stored.value == *value && stored.id.as_ref().is_none_or(|known| known == id);
                is_same.then(|| Some(Stored { value: *value, id: Some(id.clone()) }))
            }
        }
    }

    fn without_outcome(&self, operation: &Operation) -> Option<Operation> {
        match operation {
            Operation::Put { value, .. } => Some(Operation::Put { value: *value, outcome: None }),
            Operation::Look { .. } => None,
        }
    }

    fn only_reads(&self, operation: &Operation) -> bool {
        matches!(operation, Operation::Look { .. } | Operation::Put { outcome: Some(Outcome::Conflict), .. })
    }

    fn matters(&self, _: &Operation, _: &[history::Operation<Operation>]) -> bool {
        true
    }

    fn value(&self, _: &Operation) -> Option<u64> {
        None
    }
}
