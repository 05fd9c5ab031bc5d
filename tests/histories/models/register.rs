//! A register, whose last value is read: the current questionnaire, the last upload, the status of an experiment.

use crate::history::{self, Model};

/// A register with its first value.
#[derive(Clone, Copy, Debug)]
pub struct Register(pub u64);

/// Each write is acknowledged or indeterminate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Write(u64),
    Read(u64),
}

impl Model for Register {
    type State = u64;
    type Operation = Operation;

    fn initial(&self) -> u64 {
        self.0
    }

    fn apply(&self, state: &u64, operation: &Operation) -> Option<u64> {
        match *operation {
            Operation::Write(value) => Some(value),
            Operation::Read(value) => (value == *state).then_some(value),
        }
    }

    fn without_outcome(&self, operation: &Operation) -> Option<Operation> {
        (!self.only_reads(operation)).then_some(*operation)
    }

    fn only_reads(&self, operation: &Operation) -> bool {
        matches!(operation, Operation::Read(_))
    }

    /// An indeterminate write whose value was never read need not have happened.
    fn matters(&self, indeterminate: &Operation, history: &[history::Operation<Operation>]) -> bool {
        let Operation::Write(written) = *indeterminate else { return false };
        history.iter().any(|operation| operation.what == Operation::Read(written))
    }

    /// A read needs only the write of its own value.
    fn value(&self, operation: &Operation) -> Option<u64> {
        match *operation {
            Operation::Write(value) | Operation::Read(value) => Some(value),
        }
    }
}
