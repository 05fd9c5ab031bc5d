//! How the database is reached: its address, poolers, what a role may do, a replica, and cancelled requests.
//!
//! PgBouncer comes from Debian's package. Where there is none these tests are ignored, and say so; `.ci/run` sets `REQUIRE_PGBOUNCER`, which
//! makes its absence a failure.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute, not the helpers around it")]

mod addresses;
mod cancelled;
mod crowded;
mod poolers;
mod replica;
mod roles;

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
        addresses::an_unusual_password_arrives_as_it_is,
        addresses::a_server_is_reached_by_ipv4_and_ipv6,
        roles::a_study_in_another_schema_is_refused_by_the_name_of_the_schema,
        roles::a_role_that_does_not_see_public_is_refused,
        roles::plan_names_what_a_role_may_not_do_before_up_fails,
        roles::too_many_clients_are_overload_and_no_fault,
        crowded::idle_processes_give_connections_back_once_half_are_in_use,
        crowded::a_process_keeps_its_connection_while_there_are_enough,
        crowded::a_process_whose_session_was_ended_is_served_at_once,
        crowded::connections_of_other_roles_are_in_use_too,
        cancelled::a_cancelled_begin_does_not_hold_back_the_next_write,
        cancelled::a_cancelled_snapshot_does_not_refuse_the_next_write,
    ];
    // a PostgreSQL that was downloaded has no pg_basebackup
    let no_replica = !replica::has_programs();
    let replicated = tests::trials![
        runtime,
        replica::exports_read_the_replica_and_the_primary_where_it_is_down,
        replica::the_command_line_says_how_far_the_replica_is_behind_and_does_without_it,
    ];
    all.extend(replicated.into_iter().map(|trial| trial.with_ignored_flag(no_replica)));
    let pooled = tests::trials![
        runtime,
        poolers::the_limits_of_a_request_hold_by_every_way,
        poolers::a_statement_takes_one_round_trip_directly_and_four_by_a_pooler,
        poolers::a_statement_ends_after_four_seconds_by_every_way,
        poolers::a_transaction_that_rests_is_ended_by_every_way,
        poolers::statements_of_several_processes_are_not_mixed_up,
        poolers::what_was_written_is_there_and_what_was_rolled_back_is_not,
        poolers::a_migration_needs_an_address_past_the_pooler,
        poolers::the_command_line_works_by_every_way,
    ];
    let is_missing = pgbouncer::is_missing();
    all.extend(pooled.into_iter().map(|trial| trial.with_ignored_flag(is_missing)));
    libtest_mimic::run(&arguments(), all).exit_code()
}
