//! Checks a history for linearizability with the algorithm of Wing and Gong, and Lowe's memory of configurations that led nowhere
//! (<https://www.cs.ox.ac.uk/people/gavin.lowe/LinearizabiltyTesting/>; decision 118 says why not `stateright`).

use std::collections::HashSet;

use crate::history::{Model, Moment, Operation};

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Linearizable,
    NotLinearizable,
    /// The search has seen too many configurations.
    Undecided,
}

/// Configurations that are remembered, which bounds time and memory.
const MAX_CONFIGURATIONS: usize = 200_000;

/// Decides whether there is an order of the operations that agrees with the model and in which an operation precedes those that were
/// invoked after its response. Operations without a response may be left out.
pub fn check<M: Model>(model: &M, history: &[Operation<M::Operation>]) -> Verdict {
    let search = Search::new(model, history);
    search.run(model.initial())
}

struct Search<'a, M: Model> {
    model: &'a M,
    /// In order of invocation.
    completed: Vec<&'a Operation<M::Operation>>,
    indeterminate: Vec<&'a Operation<M::Operation>>,
    order: Order,
    seen: HashSet<(Vec<u64>, M::State)>,
}

/// Which operations have their place in the order already. Numbers of indeterminate ones follow those of the completed ones.
struct Order {
    bits: Vec<u64>,
    completed: usize,
}

impl Order {
    fn contains(&self, number: usize) -> bool {
        self.bits[number / 64] >> (number % 64) & 1 == 1
    }

    fn flip(&mut self, number: usize) {
        self.bits[number / 64] ^= 1 << (number % 64);
    }
}

/// A state of the search, and the operations that may come next.
struct Step<S> {
    state: S,
    candidates: Vec<usize>,
    /// The operation that led here.
    last: Option<usize>,
    /// All completed operations before this one have their place.
    first: usize,
}

impl<'a, M: Model> Search<'a, M> {
    fn new(model: &'a M, history: &'a [Operation<M::Operation>]) -> Self {
        let can_matter = |operation: &&Operation<M::Operation>| {
            operation.returned.is_some() || model.matters(&operation.what, history)
        };
        let mut sorted: Vec<_> = history.iter().filter(can_matter).collect();
        sorted.sort_by_key(|operation| operation.invoked);
        let (completed, indeterminate): (Vec<_>, Vec<_>) =
            sorted.into_iter().partition(|operation| operation.returned.is_some());
        let order = Order { bits: vec![0; history.len().div_ceil(64)], completed: 0 };
        Self { model, completed, indeterminate, order, seen: HashSet::new() }
    }

    fn run(mut self, initial: M::State) -> Verdict {
        let first = self.step(initial, None, 0);
        let mut steps = vec![first];
        while let Some(step) = steps.last_mut() {
            if self.order.completed == self.completed.len() {
                return Verdict::Linearizable;
            }
            let Some(next) = step.candidates.pop() else {
                if let Some(last) = step.last {
                    self.take_back(last);
                }
                steps.pop();
                continue;
            };
            let first = step.first;
            let Some(state) = self.model.apply(&step.state, self.operation(next)) else { continue };
            if next >= self.completed.len() && state == step.state {
                // without a response it need not have happened
                continue;
            }
            self.place(next);
            if self.seen.insert((self.order.bits.clone(), state.clone())) {
                steps.push(self.step(state, Some(next), first));
            } else {
                self.take_back(next);
            }
            if self.seen.len() > MAX_CONFIGURATIONS {
                return Verdict::Undecided;
            }
        }
        Verdict::NotLinearizable
    }

    fn operation(&self, number: usize) -> &'a M::Operation {
        let known = self.completed.len();
        if number < known { &self.completed[number].what } else { &self.indeterminate[number - known].what }
    }

    fn place(&mut self, number: usize) {
        self.order.flip(number);
        self.order.completed += usize::from(number < self.completed.len());
    }

    fn take_back(&mut self, number: usize) {
        self.order.flip(number);
        self.order.completed -= usize::from(number < self.completed.len());
    }

    fn step(&self, state: M::State, last: Option<usize>, first: usize) -> Step<M::State> {
        let first = (first..self.completed.len()).find(|number| !self.order.contains(*number));
        let first = first.unwrap_or(self.completed.len());
        Step { state, candidates: self.candidates(first), last, first }
    }

    /// Returns the operations that no other one has to precede, those to try first at the end: completed ones in order of response.
    /// An indeterminate one is tried only if none of them leads to the end.
    fn candidates(&self, first: usize) -> Vec<usize> {
        let (mut earliest_return, mut found) = (Moment::MAX, Vec::new());
        for (number, operation) in self.completed.iter().enumerate().skip(first) {
            if operation.invoked > earliest_return {
                break;
            }
            if !self.order.contains(number) {
                let returned = operation.returned.unwrap_or(Moment::MAX);
                earliest_return = earliest_return.min(returned);
                found.push((returned, number));
            }
        }
        found.retain(|(_, number)| self.completed[*number].invoked <= earliest_return);
        found.sort_unstable_by(|one, other| other.cmp(one));
        let may_come = |(place, operation): (usize, &&Operation<_>)| {
            let number = self.completed.len() + place;
            (operation.invoked <= earliest_return && !self.order.contains(number)).then_some(number)
        };
        let indeterminate = self.indeterminate.iter().enumerate().filter_map(may_come);
        indeterminate.chain(found.into_iter().map(|(_, number)| number)).collect()
    }
}
