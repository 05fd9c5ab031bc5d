//! Access to the database: addresses, poolers, rights of roles, a replica, and cancelled requests.
//!
//! PgBouncer comes from Debian's package. Without it, these tests are ignored with a message; `REQUIRE_PGBOUNCER`, which `.ci/run` sets,
//! makes that a failure.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute, not the helpers around it")]

mod addresses;
mod cancelled;
mod crowded;
mod poolers;
mod replica;
mod roles;
mod starting;

use std::process::ExitCode;

use tests::pgbouncer;
use tests::trials::arguments;
use tokio::runtime::Runtime;

fn main() -> ExitCode {
    let runtime: &Runtime = Box::leak(Box::new(Runtime::new().unwrap()));
    let mut all = tests::trials![
        runtime,
        addresses::an_address_is_read_as_sqlalchemy_reads_it,
        addresses::the_old_systems_variables_name_every_kind_of_host,
        addresses::an_unusual_password_arrives_unchanged,
        addresses::a_server_is_reached_by_ipv4_and_ipv6,
        roles::a_study_in_another_schema_is_refused_by_the_name_of_the_schema,
        roles::a_role_without_public_in_its_search_path_is_refused,
        roles::plan_lists_missing_rights_before_up_fails,
        roles::tables_that_no_pending_migration_changes_may_belong_to_others,
        roles::too_many_clients_are_overload,
        poolers::a_statement_after_a_commit_takes_one_round_trip,
        starting::a_request_waits_for_a_database_that_starts,
        starting::a_request_does_not_wait_for_a_database_that_stays_down,
        crowded::idle_processes_close_connections_once_half_are_in_use,
        crowded::a_process_keeps_its_connection_while_there_are_enough,
        crowded::a_process_whose_session_was_ended_reconnects,
        crowded::connections_of_other_roles_count,
        cancelled::a_cancelled_begin_does_not_hold_back_the_next_write,
        cancelled::a_cancelled_snapshot_does_not_refuse_the_next_write,
    ];
    // a downloaded PostgreSQL has no pg_basebackup
    let no_replica = !replica::has_programs();
    let replicated = tests::trials![
        runtime,
        replica::exports_read_the_replica_or_if_it_is_down_the_primary,
        replica::the_command_line_reports_the_lag_and_works_without_the_replica,
    ];
    all.extend(replicated.into_iter().map(|trial| trial.with_ignored_flag(no_replica)));
    let pooled = tests::trials![
        runtime,
        poolers::the_limits_of_a_request_apply_through_every_pooler,
        poolers::a_statement_takes_one_round_trip_directly_and_four_through_a_pooler,
        poolers::a_statement_ends_after_four_seconds_through_every_pooler,
        poolers::an_idle_transaction_is_ended_through_every_pooler,
        poolers::statements_of_several_processes_are_not_mixed_up,
        poolers::committed_rows_are_stored_and_rolled_back_ones_are_not,
        poolers::a_migration_needs_an_address_that_bypasses_the_pooler,
        poolers::the_command_line_works_through_every_pooler,
    ];
    let is_missing = pgbouncer::is_missing();
    all.extend(pooled.into_iter().map(|trial| trial.with_ignored_flag(is_missing)));
    libtest_mimic::run(&arguments(), all).exit_code()
}
