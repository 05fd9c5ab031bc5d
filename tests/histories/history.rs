//! A history of one object: operations with the times of their invocation and response.

/// Microseconds since the run began.
pub type Moment = u64;

/// One operation of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation<O> {
    pub client: usize,
    pub invoked: Moment,
    /// `None` if the outcome is unknown: the operation may take effect at any later time, or never.
    pub returned: Option<Moment>,
    /// The call and its outcome.
    pub what: O,
}

impl<O> Operation<O> {
    /// Creates an operation whose outcome is known.
    pub fn known(client: usize, invoked: Moment, returned: Moment, what: O) -> Self {
        Self { client, invoked, returned: Some(returned), what }
    }

    /// Creates an operation that may take effect at any time after `invoked`, or never.
    pub fn indeterminate(client: usize, invoked: Moment, what: O) -> Self {
        Self { client, invoked, returned: None, what }
    }
}

/// A sequential specification: the effect of each operation on the object's state.
pub trait Model {
    type State: Clone + Eq + std::hash::Hash;
    type Operation: Clone + std::fmt::Debug;

    /// Returns the state before the first operation.
    fn initial(&self) -> Self::State;

    /// Returns the state after the operation, or `None` if the operation cannot have this outcome in this state.
    fn apply(&self, state: &Self::State, operation: &Self::Operation) -> Option<Self::State>;

    /// Returns the same call with an unknown outcome, or `None` if such a call changes nothing.
    fn without_outcome(&self, operation: &Self::Operation) -> Option<Self::Operation>;

    /// Returns whether the operation only reads. A linearizable history stays linearizable without it.
    fn only_reads(&self, operation: &Self::Operation) -> bool;

    /// Returns whether this indeterminate operation can affect the outcome of others.
    fn matters(&self, indeterminate: &Self::Operation, history: &[Operation<Self::Operation>]) -> bool;

    /// Returns the operation's value. A linearizable history stays linearizable without all operations of one value.
    fn value(&self, operation: &Self::Operation) -> Option<u64>;
}
