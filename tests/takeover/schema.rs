//! The schemas that migrations produce.

use migrate::{Error, State, migrations};
use tests::db::TestDb;

use crate::catalog::Catalog;
use crate::support::{execute, runner, texts};

#[tokio::test]
async fn the_baseline_is_the_schema_of_the_contract() {
    let db = TestDb::empty().await;

    runner(&db).up(Some(migrations::BASELINE)).await.unwrap();

    Catalog::of(&db).await.assert_is(&Catalog::of_the_contract());
}

#[tokio::test]
async fn all_migrations_produce_the_current_schema() {
    let db = TestDb::empty().await;

    let report = runner(&db).up(None).await.unwrap();

    Catalog::of(&db).await.assert_is(&Catalog::current());
    assert_eq!((report.state, report.adopted, report.pending.len()), (State::Empty, false, 0));
    assert_eq!(report.applied_now.len(), migrations::up().count());
}

#[tokio::test]
async fn up_down_to_nothing_and_up_again_works() {
    let db = TestDb::empty().await;
    let runner = runner(&db);

    runner.up(None).await.unwrap();
    runner.down(Some(0)).await.unwrap();
    let left = texts(&db, "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace").await;
    runner.up(None).await.unwrap();

    assert_eq!(left, Vec::<String>::new());
    Catalog::of(&db).await.assert_is(&Catalog::current());
}

#[tokio::test]
async fn each_down_undoes_its_up() {
    let db = TestDb::empty().await;
    let runner = runner(&db);
    let versions: Vec<i64> = migrations::up().map(|migration| migration.version).collect();

    let mut before = Vec::new();
    for version in &versions {
        before.push(Catalog::of(&db).await);
        runner.up(Some(*version)).await.unwrap();
    }

    for (step, expected) in before.iter().enumerate().rev() {
        let target = if step == 0 { 0 } else { versions[step - 1] };
        runner.down(Some(target)).await.unwrap();
        Catalog::of(&db).await.assert_is(expected);
    }
}

#[tokio::test]
async fn a_second_up_has_nothing_left_to_do() {
    let db = TestDb::new().await;

    let report = runner(&db).up(None).await.unwrap();

    assert_eq!((report.applied_now.len(), report.message.as_str()), (0, "nothing was left to do"));
}

#[tokio::test]
async fn a_plan_lists_what_is_pending_and_changes_nothing() {
    let db = TestDb::empty().await;

    let report = runner(&db).plan().await.unwrap();

    assert_eq!(report.pending.len(), migrations::up().count());
    assert!(report.pending.iter().all(|pending| pending.findings.is_empty()));
    assert_eq!(runner(&db).status().await.unwrap().state, State::Empty);
}

#[tokio::test]
async fn a_plan_tells_which_migrations_run_outside_a_transaction() {
    let db = TestDb::empty().await;

    let pending = runner(&db).plan().await.unwrap().pending;

    let builds_an_index = |sql: &str| sql.contains("CREATE INDEX CONCURRENTLY");
    for (plan, migration) in pending.iter().zip(migrations::up()) {
        assert_eq!((plan.version, plan.in_transaction), (migration.version, !builds_an_index(&migration.sql)));
    }
}

#[tokio::test]
async fn a_foreign_database_is_refused_and_not_changed() {
    let db = TestDb::empty().await;
    execute(&db, "CREATE TABLE payroll (id integer)").await;

    let error = runner(&db).up(None).await.unwrap_err();

    assert!(matches!(&error, Error::Foreign(objects) if objects == &["payroll"]), "{error}");
}

#[tokio::test]
async fn a_database_with_only_extensions_counts_as_empty() {
    let db = TestDb::empty().await;
    execute(&db, "CREATE VIEW statistics AS SELECT 1; ALTER EXTENSION plpgsql ADD VIEW statistics").await;

    assert_eq!(runner(&db).status().await.unwrap().state, State::Empty);
}

#[tokio::test]
async fn a_migration_that_was_changed_after_it_was_applied_is_refused() {
    let db = TestDb::new().await;
    execute(&db, "UPDATE _sqlx_migrations SET checksum = 'other' WHERE version = 20260102000400").await;

    let error = runner(&db).up(None).await.unwrap_err();

    assert!(matches!(error, Error::Changed(versions) if versions == [20_260_102_000_400]));
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_refused() {
    let db = TestDb::new().await;
    execute(&db, "INSERT INTO _sqlx_migrations VALUES (29990101000000, 'later', now(), true, 'x', 0)").await;

    let error = runner(&db).up(None).await.unwrap_err();

    assert!(matches!(error, Error::Newer(versions) if versions == [29_990_101_000_000]));
}

#[tokio::test]
async fn down_needs_an_existing_target() {
    let db = TestDb::new().await;

    assert!(matches!(runner(&db).down(None).await, Err(Error::TargetMissing)));
    assert!(matches!(runner(&db).down(Some(7)).await, Err(Error::TargetUnknown(7))));
}

#[tokio::test]
async fn down_to_nothing_is_refused_if_there_are_rows() {
    let db = TestDb::new().await;
    execute(&db, "INSERT INTO answer (task_id) VALUES ('t')").await;

    let error = runner(&db).down(Some(0)).await.unwrap_err();

    assert!(matches!(&error, Error::HoldsRows(tables) if tables == &["answer"]), "{error}");
    Catalog::of(&db).await.assert_is(&Catalog::current());
}

#[tokio::test]
async fn down_never_drops_a_table_with_rows() {
    let db = TestDb::new().await;
    let add = "INSERT INTO audit_entry (actor, action, resources, details, request_id) VALUES ('cli', 'data.load', '{}', '{}', '-')";
    execute(&db, add).await;

    for target in [20_260_104_000_100, migrations::BASELINE, 0] {
        let error = runner(&db).down(Some(target)).await.unwrap_err();

        assert!(matches!(&error, Error::HoldsRows(tables) if tables == &["audit_entry"]), "{error}");
        assert!(error.to_string().contains("empty"), "{error}");
    }
    Catalog::of(&db).await.assert_is(&Catalog::current());
}

#[tokio::test]
async fn down_is_possible_if_tables_that_stay_have_rows() {
    let db = TestDb::new().await;
    execute(&db, "INSERT INTO answer (task_id) VALUES ('t')").await;

    runner(&db).down(Some(migrations::BASELINE)).await.unwrap();

    assert_eq!(texts(&db, "SELECT task_id FROM answer").await, ["t"]);
}
