//! Concurrent runs, locked tables, and interrupted runs.

use std::time::{Duration, Instant};

use migrate::{Error, Timeouts, migrations};
use sqlx::Executor;
use tests::db::TestDb;

use crate::catalog::Catalog;
use crate::support::{execute, old_system, runner, runner_with_short_timeouts, texts, until};

const MEASUREMENT_INDEX: i64 = 20_260_112_000_100;

#[tokio::test]
async fn one_of_two_concurrent_runs_migrates_and_the_other_has_nothing_to_do() {
    let db = TestDb::empty().await;

    let runner = runner(&db);
    let (one, other) = tokio::join!(runner.up(None), runner.up(None));

    let mut reports = [one.unwrap(), other.unwrap()];
    reports.sort_by_key(|report| report.applied_now.len());
    assert_eq!(reports[0].message, "nothing was left to do");
    assert_eq!(reports[1].applied_now.len(), migrations::up().count());
}

#[tokio::test]
async fn a_run_gives_up_waiting_for_another_one() {
    let db = TestDb::empty().await;
    runner(&db).up(Some(migrations::BASELINE)).await.unwrap();
    let mut holder = db.pool.begin().await.unwrap();
    holder.execute("LOCK TABLE display_config").await.unwrap();
    let mut timeouts = Timeouts::default();
    timeouts.transaction.lock = Duration::from_secs(60);
    let runner_with_long_timeouts = runner(&db).with_timeouts(timeouts);
    let other = tokio::spawn(async move { runner_with_long_timeouts.up(None).await });
    until(async || texts(&db, WAITING_RUNS).await.len() == 1).await;

    let error = runner_with_short_timeouts(&db).up(None).await.unwrap_err();

    assert!(matches!(error, Error::OtherRun(_)), "{error}");
    assert!(error.to_string().ends_with("gave up waiting after 0.2 s"), "{error}");
    holder.rollback().await.unwrap();
    other.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_locked_table_stops_the_run_within_seconds_and_the_run_can_be_repeated() {
    let db = old_system().await;
    let mut holder = db.pool.begin().await.unwrap();
    holder.execute("LOCK TABLE display_config IN ACCESS SHARE MODE").await.unwrap();
    let started = Instant::now();

    let error = runner_with_short_timeouts(&db).up(None).await.unwrap_err();

    assert!(matches!(error, Error::TableLocked { version: 20_260_102_000_000, .. }), "{error}");
    assert!(error.to_string().contains("another session holds the table"));
    // a statement may take thirty seconds
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    holder.rollback().await.unwrap();
    runner(&db).up(None).await.unwrap();
    Catalog::of(&db).await.assert_is(&Catalog::current());
}

#[tokio::test]
async fn a_migration_that_exceeds_its_time_is_stopped() {
    let db = old_system().await;
    let mut holder = db.pool.begin().await.unwrap();
    holder.execute("LOCK TABLE display_config IN ACCESS SHARE MODE").await.unwrap();
    let mut timeouts = Timeouts::default();
    // the statement waits for the lock, and its time passes
    timeouts.transaction.lock = Duration::from_secs(60);
    timeouts.transaction.statement = Duration::from_millis(300);

    let error = runner(&db).with_timeouts(timeouts).up(None).await.unwrap_err();

    assert!(matches!(error, Error::TooSlow { version: 20_260_102_000_000, .. }), "{error}");
    assert!(error.to_string().contains("was stopped after 0.3 s: raise statement_timeout_seconds"), "{error}");
}

#[tokio::test]
async fn a_migration_that_lacks_a_privilege_fails_with_advice() {
    let db = TestDb::empty().await;
    runner(&db).up(Some(migrations::BASELINE)).await.unwrap();
    execute(&db, REFUSE_ALTER_TABLE).await;

    let error = runner(&db).up(None).await.unwrap_err();

    assert!(matches!(error, Error::Failed { .. }), "{error}");
    assert!(error.to_string().contains("refused here. the role lacks a privilege"), "{error}");
}

#[tokio::test]
async fn a_read_only_database_is_refused_with_advice() {
    for newest in [None, Some(migrations::BASELINE)] {
        let db = TestDb::empty().await;
        if newest.is_some() {
            runner(&db).up(newest).await.unwrap();
        }
        execute(&db, &format!("ALTER DATABASE {} SET default_transaction_read_only = on", db.name)).await;

        let said = runner(&db).up(None).await.unwrap_err().to_string();

        assert!(said.ends_with("Use the address of the primary"), "{said}");
    }
}

#[tokio::test]
async fn the_next_run_rebuilds_an_index_whose_build_was_interrupted() {
    let db = TestDb::empty().await;
    runner(&db).up(Some(20_260_112_000_000)).await.unwrap();
    let mut writer = db.pool.begin().await.unwrap();
    writer.execute("UPDATE measurement SET visit_occurrence_id = 1").await.unwrap();
    // the build waits for this transaction, and times out
    let error = runner_with_short_timeouts(&db).up(None).await.unwrap_err();
    assert!(matches!(error, Error::TableLocked { version: MEASUREMENT_INDEX, .. }), "{error}");
    assert_eq!(texts(&db, INVALID_INDEXES).await, ["measurement_visit_occurrence_id_idx"]);
    writer.rollback().await.unwrap();

    let report = runner(&db).up(None).await.unwrap();

    assert_eq!(report.rebuilt_indexes, ["measurement_visit_occurrence_id_idx"]);
    Catalog::of(&db).await.assert_is(&Catalog::current());
}

#[tokio::test]
async fn an_index_that_was_built_but_not_recorded_is_rebuilt() {
    let db = TestDb::empty().await;
    runner(&db).up(Some(MEASUREMENT_INDEX)).await.unwrap();
    execute(&db, "DELETE FROM _sqlx_migrations WHERE version = (SELECT max(version) FROM _sqlx_migrations)").await;

    let report = runner(&db).up(None).await.unwrap();

    assert_eq!(report.rebuilt_indexes, ["measurement_visit_occurrence_id_idx"]);
    Catalog::of(&db).await.assert_is(&Catalog::current());
}

const REFUSE_ALTER_TABLE: &str = "
    CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'refused here' USING ERRCODE = 'insufficient_privilege'; END $$;
    CREATE EVENT TRIGGER refused ON ddl_command_start WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION refuse()";

const WAITING_RUNS: &str = "
    SELECT application_name FROM pg_stat_activity
    WHERE application_name = 'augmed-migrate' AND wait_event_type = 'Lock' AND datname = current_database()";

const INVALID_INDEXES: &str =
    "SELECT relname::text FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE NOT indisvalid";
