//! Tests of the promises in docs/reliability.md under faults, one at a time, because each needs the whole machine.
//!
//!     cargo test -p tests --test faults

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute, not the helpers around it")]

mod administrators;
mod attempts;
mod clients;
mod disappeared;
mod exactly_once;
mod lost;
mod overload;
mod pooled;
mod study;

use std::process::ExitCode;

use libtest_mimic::Arguments;
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    let runtime: &Runtime = Box::leak(Box::new(Runtime::new().unwrap()));
    let trials = tests::trials![
        runtime,
        lost::no_acknowledged_write_is_lost,
        pooled::no_acknowledged_write_is_lost_behind_a_pooler,
        exactly_once::a_hundred_copies_of_an_answer_store_one_and_all_return_its_id,
        exactly_once::one_of_two_concurrent_answers_wins_and_the_other_gets_a_conflict,
        exactly_once::a_hundred_copies_of_a_timing_store_one,
        exactly_once::concurrent_uploads_leave_one_complete_upload,
        exactly_once::concurrent_copies_of_a_batch_add_each_entry_once,
        exactly_once::one_of_concurrent_signups_wins_and_the_others_are_refused,
        exactly_once::one_of_concurrent_resets_with_a_token_wins_and_the_others_are_refused,
        exactly_once::one_of_concurrent_migrations_runs_and_the_others_wait,
        disappeared::a_client_lost_within_any_transaction_blocks_others_only_for_seconds,
        administrators::concurrent_page_uploads_leave_one_complete_upload_and_all_other_assignments,
        administrators::concurrent_copies_of_an_invitation_add_each_account_once,
        administrators::concurrent_questionnaires_are_each_stored_once,
        administrators::concurrent_uploads_and_batches_are_atomic,
        overload::under_overload_admitted_requests_are_fast_and_the_rest_get_retry_after,
        overload::the_largest_concurrent_answers_stay_within_the_memory_limit,
        overload::a_login_storm_does_not_slow_down_logged_in_participants,
    ];
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    libtest_mimic::run(&arguments, trials).exit_code()
}
