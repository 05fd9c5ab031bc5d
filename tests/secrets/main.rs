//! Rotation of secrets while the API runs, with moto's SSM and SES.
//!
//! moto comes from Python's package index. Without it, these tests are ignored with a message; `REQUIRE_MOTO`, which `.ci/run` sets, makes
//! that a failure.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute, not the helpers around it")]

mod api;
mod database;
mod load;
mod mail;
mod moto;
mod rotation;

use std::process::ExitCode;

use tests::collector;
use tests::trials::arguments;
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    let is_missing = moto::binary().is_none();
    if is_missing {
        eprintln!(
            "There is no moto_server: pip install 'moto[server]', or set MOTO_SERVER. Without it secrets are not tested."
        );
        if std::env::var_os("REQUIRE_MOTO").is_some() {
            return ExitCode::FAILURE;
        }
    }
    let runtime: &Runtime = Box::leak(Box::new(Runtime::new().unwrap()));
    let trials = tests::trials![
        runtime,
        rotation::the_signing_key_changes_under_load_and_no_request_fails,
        rotation::the_signing_key_changes_under_load_in_functions_too,
        rotation::a_process_that_starts_after_a_change_accepts_earlier_tokens,
        rotation::invalid_credentials_do_not_block_access_to_the_database,
        rotation::invalid_credentials_do_not_occupy_a_function,
        rotation::a_wrong_signature_of_a_known_key_is_not_looked_up,
        rotation::a_key_that_is_no_parameter_is_not_looked_up,
        rotation::a_new_api_key_works_everywhere_at_once,
        rotation::without_ssm_the_known_secrets_stay_in_use,
        rotation::waits_for_ssm_and_for_the_database_share_one_deadline,
        database::a_password_changes_under_load_and_no_request_fails,
        database::a_function_reconnects_with_the_new_password,
        database::a_database_that_does_not_exist_is_not_tried_with_another_password,
        database::a_secret_of_rds_provides_the_password,
        mail::a_reset_link_is_mailed_with_ses,
    ];
    let mut trials: Vec<_> = trials.into_iter().map(|trial| trial.with_ignored_flag(is_missing)).collect();
    let of_spans = tests::trials![runtime, mail::requests_to_ssm_and_ses_are_spans];
    let no_collector = is_missing || collector::is_missing();
    trials.extend(of_spans.into_iter().map(|trial| trial.with_ignored_flag(no_collector)));
    let conclusion = libtest_mimic::run(&arguments(), trials);
    runtime.block_on(moto::end());
    conclusion.exit_code()
}
