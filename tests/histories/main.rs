//! Histories of 64 clients, checked for linearizability and invariants (docs/reliability.md): with faults of database, network,
//! processes and clocks, and with planted faults, which the checks have to find.
//!
//!     cargo test -p tests --test histories
//!     HISTORIES_SEED=7 HISTORIES_SECONDS=600 cargo test -p tests --test histories under_faults
//!
//! The seed determines requests and faults, and their times.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute, not the helpers around it")]

mod checker;
mod client;
mod deployment;
mod evidence;
mod faults;
mod history;
mod holder;
mod known;
mod models;
mod objects;
mod plan;
mod planted;
mod report;
mod request;
mod run;
mod shrink;
mod study;
mod trail;
mod verdict;
mod world;

use std::process::ExitCode;
use std::time::Duration;

use libtest_mimic::{Arguments, Trial};
use tokio::runtime::Runtime;

/// Creates trials for tests of the checker and of the plans.
macro_rules! trials {
    ($($module:ident::$test:ident),* $(,)?) => {
        vec![$(Trial::test(concat!(stringify!($module), "::", stringify!($test)), || {
            $module::$test();
            Ok(())
        })),*]
    };
}

/// Returns the number in a variable, if it is set.
fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable}: expected a number, got {text:?}")))
}

fn main() -> ExitCode {
    let runtime: &Runtime = Box::leak(Box::new(Runtime::new().unwrap()));
    let seed = number("HISTORIES_SEED").unwrap_or_else(|| rand::random_range(0..1_000_000));
    let duration = Duration::from_secs(number("HISTORIES_SECONDS").unwrap_or(60));
    let mut trials = trials![
        known::histories_of_a_register_are_judged_as_in_the_literature,
        known::the_first_of_two_values_stays,
        known::a_new_password_ends_sessions_and_links,
        known::long_histories_with_unknown_outcomes_are_decided,
        known::a_violation_is_reduced_to_a_few_operations,
        known::the_checker_agrees_with_an_exhaustive_search,
        plan::equal_seeds_plan_equal_steps_and_different_seeds_different_ones,
        faults::a_seed_always_breaks_the_same,
    ];
    let mut add = |name: String, test: Box<dyn FnOnce() + Send>| {
        trials.push(Trial::test(name, move || {
            test();
            Ok(())
        }));
    };
    let sound = move || runtime.block_on(run::a_correct_history_violates_nothing(seed));
    add("planted::a_correct_history_violates_nothing".to_owned(), Box::new(sound));
    for fault in planted::Fault::ALL {
        let found = move || runtime.block_on(run::is_found(fault, seed));
        add(format!("planted::{fault:?}"), Box::new(found));
    }
    let under_faults = move || runtime.block_on(run::under_faults(seed, duration));
    add("under_faults".to_owned(), Box::new(under_faults));

    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    libtest_mimic::run(&arguments, trials).exit_code()
}
