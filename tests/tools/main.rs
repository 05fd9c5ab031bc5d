//! Tests with external tools: a client generated from the OpenAPI document, cargo-lambda, and OpenTelemetry.
//!
//! All come from Python's package index (`.ci/requirements.txt`). A test without its tool is ignored with a message;
//! `REQUIRE_OPENAPI_CLIENT`, `REQUIRE_CARGO_LAMBDA` and `REQUIRE_OPENTELEMETRY` make that a failure.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute, not the helpers around it")]

mod cargo_lambda;
mod generated_client;
mod spans;
mod tool;

use std::process::ExitCode;

use futures_util::future::LocalBoxFuture;
use libtest_mimic::Trial;
use tests::collector;
use tests::trials::arguments;
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    let runtime: &Runtime = Box::leak(Box::new(Runtime::new().unwrap()));
    let no_generator = tool::is_missing("openapi-python-client", "REQUIRE_OPENAPI_CLIENT");
    let no_cargo_lambda = tool::is_missing("cargo-lambda", "REQUIRE_CARGO_LAMBDA");
    let no_collector = collector::is_missing();
    let of_spans = |name: &str, test: fn() -> LocalBoxFuture<'static, ()>| {
        let test = move || {
            runtime.block_on(test());
            Ok(())
        };
        Trial::test(format!("spans::{name}"), test).with_ignored_flag(no_collector)
    };
    let trials = vec![
        of_spans("of_the_server", || Box::pin(spans::of_the_server())),
        of_spans("of_a_login", || Box::pin(spans::of_a_login())),
        of_spans("of_a_function", || Box::pin(spans::of_a_function())),
        Trial::test("generated_client::the_generated_client_runs_a_day_of_an_experiment_service", move || {
            runtime.block_on(generated_client::the_generated_client_runs_a_day_of_an_experiment_service());
            Ok(())
        })
        .with_ignored_flag(no_generator),
        Trial::test("cargo_lambda::watch_and_invoke_work_as_documented", move || {
            runtime.block_on(cargo_lambda::watch_and_invoke_work_as_documented());
            Ok(())
        })
        .with_ignored_flag(no_cargo_lambda),
    ];
    libtest_mimic::run(&arguments(), trials).exit_code()
}
