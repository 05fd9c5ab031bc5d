//! Tests of the checker: histories with known verdicts, and small random ones, compared with an exhaustive search.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::checker::{Verdict, check};
use crate::history::{Model, Moment, Operation};
use crate::models::account::{self, Account};
use crate::models::once::{self, Once, Outcome};
use crate::models::register::Operation::{Read, Write};
use crate::models::register::{self, Register};
use crate::shrink::shortest;

fn at<O>(invoked: Moment, returned: Moment, what: O) -> Operation<O> {
    Operation::known(0, invoked, returned, what)
}

fn unknown<O>(invoked: Moment, what: O) -> Operation<O> {
    Operation::indeterminate(0, invoked, what)
}

#[track_caller]
fn assert_is<M: Model>(model: &M, is_linearizable: bool, history: &[Operation<M::Operation>]) {
    let expected = if is_linearizable { Verdict::Linearizable } else { Verdict::NotLinearizable };
    assert_eq!(check(model, history), expected, "{history:#?}");
}

/// The two histories of Porcupine's documentation, stale reads, and a write that takes effect late.
pub fn histories_of_a_register_are_judged_as_in_the_literature() {
    let register = &Register(0);
    assert_is(register, true, &[at(0, 100, Write(100)), at(25, 75, Read(100)), at(30, 60, Read(0))]);
    assert_is(register, false, &[at(0, 100, Write(200)), at(10, 30, Read(200)), at(40, 90, Read(0))]);
    assert_is(register, true, &[at(0, 9, Write(1)), at(0, 9, Write(2)), at(10, 11, Read(1)), at(12, 13, Read(1))]);
    assert_is(register, false, &[at(0, 9, Write(1)), at(0, 9, Write(2)), at(10, 11, Read(1)), at(12, 13, Read(2))]);
    assert_is(register, true, &[unknown(0, Write(1)), at(1, 2, Write(2)), at(3, 4, Read(2)), at(5, 6, Read(1))]);
    assert_is(register, false, &[unknown(0, Write(1)), at(1, 2, Read(1)), at(3, 4, Write(2)), at(5, 6, Read(1))]);
    assert_is(register, false, &[at(1, 2, Read(1)), unknown(3, Write(1))]);
}

pub fn the_first_of_two_values_stays() {
    let put = |value, outcome| once::Operation::Put { value, outcome: Some(outcome) };
    let stored = |id: &str| Outcome::Stored(id.to_owned());
    let look = |is_empty| once::Operation::Look { is_empty };
    let lost = once::Operation::Put { value: 2, outcome: None };

    assert_is(&Once, true, &[at(0, 9, put(1, stored("a"))), at(0, 9, put(2, Outcome::Conflict))]);
    assert_is(&Once, true, &[at(0, 1, put(1, stored("a"))), at(2, 3, put(1, stored("a"))), at(4, 5, look(false))]);
    assert_is(&Once, false, &[at(0, 1, put(1, stored("a"))), at(2, 3, put(1, stored("b")))]);
    assert_is(&Once, false, &[at(0, 1, put(1, stored("a"))), at(2, 3, put(2, stored("b")))]);
    assert_is(&Once, false, &[at(0, 1, put(1, stored("a"))), at(2, 3, look(true))]);
    assert_is(&Once, false, &[at(0, 1, put(2, Outcome::Conflict)), at(2, 3, put(1, stored("a")))]);
    assert_is(&Once, true, &[unknown(0, lost.clone()), at(5, 6, look(true)), at(7, 8, put(1, Outcome::Conflict))]);
    assert_is(&Once, false, &[unknown(0, lost), at(5, 6, look(false)), at(7, 8, look(true))]);
}

pub fn a_new_password_ends_sessions_and_links() {
    use account::Operation::{Link, Login, Logout, Reset, Use};
    let reset = |link, password| Reset { link, password, is_done: Some(true) };
    let login = |password, session| Login { password, session: Some(session) };
    let uses = |session, is_served| Use { session, is_served };
    let begin = [at(0, 1, Link(1)), at(0, 1, Link(2)), at(2, 3, reset(1, 7)), at(4, 5, login(7, 1))];
    let judge = |is_linearizable, then: &[Operation<account::Operation>]| {
        assert_is(&Account, is_linearizable, &[&begin[..], then].concat());
    };
    let lost = Reset { link: 3, password: 8, is_done: None };
    let refused = Reset { link: 2, password: 9, is_done: Some(false) };

    judge(true, &[at(6, 7, uses(1, true)), at(6, 7, refused)]);
    judge(false, &[at(6, 7, reset(2, 9))]);
    judge(false, &[at(6, 7, Logout), at(8, 9, uses(1, true))]);
    judge(true, &[at(6, 9, Logout), at(7, 8, uses(1, true)), at(8, 9, uses(1, false))]);
    judge(false, &[at(6, 7, uses(1, false))]);
    judge(true, &[at(6, 7, Link(3)), unknown(8, lost.clone()), at(9, 10, uses(1, false)), at(11, 12, login(8, 2))]);
    judge(false, &[at(6, 7, Link(3)), unknown(8, lost), at(9, 10, uses(1, false)), at(11, 12, login(7, 2))]);
}

/// Two thousand completed operations, and forty indeterminate ones.
pub fn long_histories_with_unknown_outcomes_are_decided() {
    let mut history = Vec::new();
    for n in 0..1000 {
        history.push(at(10 * n, 10 * n + 15, Write(n)));
        history.push(at(10 * n + 16, 10 * n + 17, Read(n)));
        if n % 25 == 0 {
            history.push(unknown(10 * n, Write(10_000 + n)));
        }
    }
    assert_is(&Register(0), true, &history);
    history.push(at(20_000, 20_001, Read(5)));
    assert_eq!(check(&Register(0), &history), Verdict::NotLinearizable);
}

pub fn a_violation_is_reduced_to_a_few_operations() {
    let mut history: Vec<_> =
        (1..200).flat_map(|n| [at(10 * n, 10 * n + 3, Write(n)), at(10 * n + 4, 10 * n + 8, Read(n))]).collect();
    history.insert(100, at(1009, 1010, Read(17)));

    let short: Vec<_> = shortest(&Register(0), &history).into_iter().map(|operation| operation.what).collect();

    assert!(short.len() <= 3 && short.contains(&Read(17)), "{short:?}");
}

/// Returns whether the history is linearizable, by trying all orders of all subsets.
fn is_linearizable_by_exhaustion(history: &[Operation<register::Operation>], chosen: &mut Vec<usize>) -> bool {
    let register = Register(0);
    let is_complete = (0..history.len()).all(|n| chosen.contains(&n) || history[n].returned.is_none());
    let is_in_time = |(place, one): (usize, &usize)| {
        chosen[place..].iter().all(|other| history[*other].returned.is_none_or(|end| end >= history[*one].invoked))
    };
    let state = chosen.iter().try_fold(0, |state, n| register.apply(&state, &history[*n].what));
    if is_complete && state.is_some() && chosen.iter().enumerate().all(is_in_time) {
        return true;
    }
    (0..history.len()).any(|n| {
        if chosen.contains(&n) {
            return false;
        }
        chosen.push(n);
        let has = is_linearizable_by_exhaustion(history, chosen);
        chosen.pop();
        has
    })
}

pub fn the_checker_agrees_with_an_exhaustive_search() {
    let operation =
        (0_u64..3, any::<bool>(), 0_u64..20, 1_u64..8, 0..5).prop_map(|(value, writes, begin, takes, known)| {
            let what = if writes { Write(value) } else { Read(value) };
            if writes && known == 0 { unknown(begin, what) } else { at(begin, begin + takes, what) }
        });
    let histories = prop::collection::vec(operation, 1..6);
    let config = Config { cases: 4000, failure_persistence: None, ..Config::default() };
    let verdicts = [Cell::new(0), Cell::new(0)];
    let checked = TestRunner::new(config).run(&histories, |history| {
        let is_linearizable = check(&Register(0), &history) == Verdict::Linearizable;
        verdicts[usize::from(is_linearizable)].update(|count| count + 1);
        prop_assert_eq!(is_linearizable, is_linearizable_by_exhaustion(&history, &mut Vec::new()));
        Ok(())
    });
    checked.unwrap_or_else(|error| panic!("{error}"));
    assert!(verdicts.iter().all(|count| count.get() > 100), "a verdict is too rare: {verdicts:?}");
}
