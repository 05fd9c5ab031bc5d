//! What developers use beside us: a client that is generated from the OpenAPI document, and cargo-lambda.
//!
//! Both come from Python's package index (`.ci/requirements.txt`). A test whose tool is missing is ignored, and says so;
//! `REQUIRE_OPENAPI_CLIENT` and `REQUIRE_CARGO_LAMBDA` make its absence a failure.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute, not the helpers around it")]

mod cargo_lambda;
mod generated_client;
mod tool;

use std::process::ExitCode;

use libtest_mimic::Trial;
use tests::trials::arguments;
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    let runtime: &Runtime = Box::leak(Box::new(Runtime::new().unwrap()));
    let no_generator = tool::is_missing("openapi-python-client", "REQUIRE_OPENAPI_CLIENT");
    let no_cargo_lambda = tool::is_missing("cargo-lambda", "REQUIRE_CARGO_LAMBDA");
    let trials = vec![
        Trial::test("generated_client::an_experiment_services_day", move || {
            runtime.block_on(generated_client::an_experiment_services_day());
            Ok(())
        })
        .with_ignored_flag(no_generator),
        Trial::test("cargo_lambda::watch_and_invoke_as_the_documentation_prints_them", move || {
            runtime.block_on(cargo_lambda::watch_and_invoke_as_the_documentation_prints_them());
            Ok(())
        })
        .with_ignored_flag(no_cargo_lambda),
    ];
    libtest_mimic::run(&arguments(), trials).exit_code()
}
