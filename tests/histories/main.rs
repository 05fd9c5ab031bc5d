//! Histories of 64 clients, checked for linearizability and for what holds throughout (docs/reliability.md): with faults of database,
//! network, processes and clocks, and with planted ones, which have to be found.
//!
//!     cargo test -p tests --test histories
//!     HISTORIES_SEED=7 HISTORIES_SECONDS=600 cargo test -p tests --test histories under_faults
//!
//! The seed determines what each client sends and what breaks, and when.

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

/// Tests of the checker and the plans.
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
    Some(text.parse().unwrap_or_else(|_| panic!("{variable}: a number is expected, not {text:?}")))
}

fn main() -> ExitCode {
    let runtime: &Runtime = Box::leak(Box::new(Runtime::new().unwrap()));
    let seed = number("HISTORIES_SEED").unwrap_or_else(|| rand::random_range(0..1_000_000));
    let duration = Duration::from_secs(number("HISTORIES_SECONDS").unwrap_or(60));
    let mut trials = trials![
        known::histories_of_a_register_are_judged_as_in_the_literature,
        known::of_two_values_the_first_stays,
        known::a_new_password_ends_sessions_and_links,
        known::long_histories_with_unknown_outcomes_are_decided,
        known::the_part_that_is_shown_is_short,
        known::the_checker_agrees_with_trying_all_orders,
        plan::a_seed_always_plans_the_same,
        faults::a_seed_always_breaks_the_same,
    ];
    let mut add = |name: String, test: Box<dyn FnOnce() + Send>| {
        trials.push(Trial::test(name, move || {
            test();
            Ok(())
        }));
    };
    let sound = move || runtime.block_on(run::nothing_is_found_where_nothing_is_wrong(seed));
    add("planted::nothing_is_found_where_nothing_is_wrong".to_owned(), Box::new(sound));
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
