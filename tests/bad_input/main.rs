//! Whatever is sent, the answer is no fault and nobody panics. 256 inputs a test; a million with
//!
//!     PROPTEST_CASES=1000000 cargo test --release -p tests --test bad_input -- --skip database --skip reset
//!
//! There is no database behind most routers here, so that a request that is good enough to get there is answered with 503; `database`
//! has one, and does not take that for an answer.

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

/// Has `test` look at inputs until one fails, which is made smaller then.
fn check<S: Strategy>(inputs: S, test: impl Fn(S::Value) -> TestCaseResult) {
    check_few(inputs, Config::default().cases, test);
}

/// The same with so many inputs.
fn check_few<S: Strategy>(inputs: S, cases: u32, test: impl Fn(S::Value) -> TestCaseResult) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new(config).run(&inputs, test).unwrap_or_else(|error| panic!("{error}"));
}
