//! No input causes a server error or a panic. Each test runs with 256 inputs, or with a million:
//!
//!     PROPTEST_CASES=1000000 cargo test --release -p tests --test bad_input -- --skip database --skip reset
//!
//! Most routers here have no database, so a request that passes the checks before the first query gets 503. The module `database` has
//! one, and accepts no 503.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute, not the helpers around it")]

mod bodies;
mod configurations;
mod corpus;
mod database;
mod dates;
mod events;
mod files;
mod json;
mod tokens;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestCaseResult, TestRunner};

/// Runs `test` on inputs. If one fails, it is shrunk.
fn check<S: Strategy>(inputs: S, test: impl Fn(S::Value) -> TestCaseResult) {
    check_few(inputs, Config::default().cases, test);
}

/// Runs `test` on `cases` inputs.
fn check_few<S: Strategy>(inputs: S, cases: u32, test: impl Fn(S::Value) -> TestCaseResult) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new(config).run(&inputs, test).unwrap_or_else(|error| panic!("{error}"));
}
