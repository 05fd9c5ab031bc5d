//! Reduces a history that is not linearizable to a part that shows it.

use std::collections::BTreeSet;

use crate::checker::{Verdict, check};
use crate::history::{Model, Moment, Operation};

/// Returns the shortest prefix that is not linearizable, without operations that are not needed for that.
pub fn shortest<M: Model>(model: &M, history: &[Operation<M::Operation>]) -> Vec<Operation<M::Operation>> {
    let fails = |history: &[Operation<M::Operation>]| check(model, history) == Verdict::NotLinearizable;
    let mut returns: Vec<Moment> = history.iter().filter_map(|operation| operation.returned).collect();
    returns.sort_unstable();
    // prefixes of a linearizable history are linearizable, so a binary search finds the shortest one that is not
    let first = returns.partition_point(|end| !fails(&prefix(model, history, *end)));
    let mut shortest = match returns.get(first) {
        Some(end) => prefix(model, history, *end),
        None => history.to_vec(),
    };
    for value in values(model, &shortest) {
        keep_failing(&mut shortest, fails, |operation| model.value(operation) != Some(value));
    }
    let mut index = 0;
    while index < shortest.len() {
        let mut fewer = shortest.clone();
        let left_out = fewer.remove(index);
        if model.only_reads(&left_out.what) && fails(&fewer) {
            shortest = fewer;
        } else {
            index += 1;
        }
    }
    shortest
}

fn values<M: Model>(model: &M, history: &[Operation<M::Operation>]) -> BTreeSet<u64> {
    history.iter().filter_map(|operation| model.value(&operation.what)).collect()
}

fn keep_failing<O: Clone>(
    history: &mut Vec<Operation<O>>,
    fails: impl Fn(&[Operation<O>]) -> bool,
    stays: impl Fn(&O) -> bool,
) {
    let fewer: Vec<_> = history.iter().filter(|operation| stays(&operation.what)).cloned().collect();
    if fewer.len() < history.len() && fails(&fewer) {
        *history = fewer;
    }
}

/// Returns the operations invoked until `end`; those without a response by then are indeterminate.
fn prefix<M: Model>(model: &M, history: &[Operation<M::Operation>], end: Moment) -> Vec<Operation<M::Operation>> {
    let begun = history.iter().filter(|operation| operation.invoked <= end);
    begun
        .filter_map(|operation| {
            if operation.returned.is_some_and(|returned| returned <= end) {
                return Some(operation.clone());
            }
            let what = model.without_outcome(&operation.what)?;
            Some(Operation::indeterminate(operation.client, operation.invoked, what))
        })
        .collect()
}
