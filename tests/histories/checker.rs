//! Checks a history for linearizability with the algorithm of Wing and Gong, and Lowe's cache of configurations without a solution
//! (<https://www.cs.ox.ac.uk/people/gavin.lowe/LinearizabiltyTesting/>; decision 118 says why not `stateright`).

use std::collections::HashSet;

use crate::history::{Model, Moment, Operation};

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Linearizable,
    NotLinearizable,
    /// The search exceeded its limit of configurations.
    Undecided,
}

/// Maximum size of the cache, which limits time and memory.
const MAX_CONFIGURATIONS: usize = 200_000;

/// Decides whether some order of the operations agrees with the model and preserves real time: an operation comes before those that were
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
    order: Linearized,
    seen: HashSet<(Vec<u64>, M::State)>,
}

/// The set of linearized operations. Numbers of indeterminate operations follow those of completed ones.
struct Linearized {
    bits: Vec<u64>,
    completed: usize,
}

impl Linearized {
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
    /// All completed operations before this one are linearized.
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
        let order = Linearized { bits: vec![0; history.len().div_ceil(64)], completed: 0 };
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
                    self.undo(last);
                }
                steps.pop();
                continue;
            };
            let first = step.first;
            let Some(state) = self.model.apply(&step.state, self.operation(next)) else { continue };
            if next >= self.completed.len() && state == step.state {
                // an operation without a response and without an effect can be left out
                continue;
            }
            self.linearize(next);
            if self.seen.insert((self.order.bits.clone(), state.clone())) {
                steps.push(self.step(state, Some(next), first));
            } else {
                self.undo(next);
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

    fn linearize(&mut self, number: usize) {
        self.order.flip(number);
        self.order.completed += usize::from(number < self.completed.len());
    }

    fn undo(&mut self, number: usize) {
        self.order.flip(number);
        self.order.completed -= usize::from(number < self.completed.len());
    }

    fn step(&self, state: M::State, last: Option<usize>, first: usize) -> Step<M::State> {
        let first = (first..self.completed.len()).find(|number| !self.order.contains(*number));
        let first = first.unwrap_or(self.completed.len());
        Step { state, candidates: self.candidates(first), last, first }
    }

    /// Returns the operations that may be linearized next. The search tries the last one first: completed ones by time of response, and
    /// indeterminate ones after them.
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
        let candidate = |(place, operation): (usize, &&Operation<_>)| {
            let number = self.completed.len() + place;
            (operation.invoked <= earliest_return && !self.order.contains(number)).then_some(number)
        };
        let indeterminate = self.indeterminate.iter().enumerate().filter_map(candidate);
        indeterminate.chain(found.into_iter().map(|(_, number)| number)).collect()
    }
}
