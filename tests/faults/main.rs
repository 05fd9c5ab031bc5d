//! What is promised when things break (docs/reliability.md): one trial after the other, each with the machine for itself.
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
        lost::nothing_that_was_acknowledged_is_lost,
        pooled::nothing_that_was_acknowledged_is_lost_behind_a_pooler,
        exactly_once::of_a_hundred_copies_of_an_answer_one_is_stored_and_all_have_its_id,
        exactly_once::of_two_different_answers_at_once_one_wins_and_the_other_is_told,
        exactly_once::of_a_hundred_copies_of_a_timing_one_is_stored,
        exactly_once::of_uploads_at_once_one_is_there_in_the_end_and_whole,
        exactly_once::of_copies_of_a_batch_each_entry_is_added_once,
        exactly_once::of_signups_at_once_one_wins_and_the_others_are_told,
        exactly_once::of_resets_with_one_token_one_wins_and_the_others_are_told,
        exactly_once::of_migrations_at_once_one_works_and_the_others_wait,
        disappeared::in_the_middle_of_any_transaction_it_holds_up_the_others_for_seconds,
        administrators::of_page_uploads_at_once_one_is_there_in_the_end_and_whole_and_the_others_assignments_stay,
        administrators::of_copies_of_an_invitation_each_account_is_added_once,
        administrators::of_questionnaires_at_once_each_is_stored_once_under_its_id,
        administrators::of_uploads_and_batches_at_once_each_is_there_whole_or_not_at_all,
        overload::what_is_taken_on_is_answered_in_time_and_the_rest_is_told_to_come_back,
        overload::the_largest_answers_at_once_do_not_fill_the_memory,
        overload::a_login_storm_does_not_slow_down_those_who_are_in,
    ];
    let mut arguments = Arguments::from_args();
    arguments.test_threads = Some(1);
    libtest_mimic::run(&arguments, trials).exit_code()
}
