//! The old service reads rows in the same order as before our migrations, and in upload order after our uploads. Its statements have no
//! ORDER BY, so all plans have to return the same order: each statement runs under many planner settings.

use std::collections::BTreeMap;

use http::Method;
use migrate::migrations;
use serde_json::json;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Executor as _, PgConnection, Row as _};
use tests::app::TestApp;
use tests::db::TestDb;

use crate::support::{execute, old_system, runner, texts};

/// The statements of the old service, each with a name.
const QUERIES: &str = include_str!("../fixtures/old_service/queries.sql");
const STUDY: &str = include_str!("old_order.sql");

/// Sets of `enable_*` settings to switch off. The last ones leave only one kind of scan.
const SETTINGS: [&[&str]; 17] = [
    &[],
    &["seqscan"],
    &["indexscan"],
    &["indexonlyscan"],
    &["bitmapscan"],
    &["nestloop"],
    &["hashjoin"],
    &["mergejoin"],
    &["sort"],
    &["incremental_sort"],
    &["seqscan", "nestloop"],
    &["seqscan", "hashjoin"],
    &["seqscan", "bitmapscan", "nestloop", "hashjoin"],
    &["seqscan", "bitmapscan", "hashjoin", "mergejoin"],
    &["seqscan", "bitmapscan"],
    &["seqscan", "bitmapscan", "indexonlyscan"],
    &["seqscan", "indexscan", "indexonlyscan"],
];

#[tokio::test]
async fn with_one_assignment_each() {
    no_migration_changes_an_order(1).await;
}

#[tokio::test]
async fn with_twelve_assignments_each() {
    no_migration_changes_an_order(12).await;
}

#[tokio::test]
#[ignore = "takes minutes: scripts/nightly order"]
async fn with_three_hundred_assignments_each() {
    no_migration_changes_an_order(300).await;
}

#[tokio::test]
#[ignore = "takes minutes: scripts/nightly order"]
async fn with_fifteen_hundred_assignments_each() {
    no_migration_changes_an_order(1500).await;
}

async fn no_migration_changes_an_order(assignments: u32) {
    let db = study_of_the_old_system(assignments).await;
    // statistics change the plans of joins, and autovacuum could collect them at any time
    execute(&db, "VACUUM ANALYZE").await;
    let before = read_as_the_old_service(&db).await;

    for migration in migrations::up().skip(1) {
        runner(&db).up(Some(migration.version)).await.unwrap();
        for vacuumed in [false, true] {
            if vacuumed {
                execute(&db, "VACUUM ANALYZE").await;
            }
            let now = read_as_the_old_service(&db).await;
            let changed: Vec<_> =
                before.iter().filter(|(query, rows)| now[*query] != **rows).map(|(name, _)| name).collect();
            assert!(changed.is_empty(), "{} (vacuumed: {vacuumed}) changes {changed:?}", migration.description);
        }
    }
}

#[tokio::test]
async fn an_adding_upload_keeps_the_order_of_all_participants() {
    for assignments in [1, 12, 300] {
        let db = study_of_the_old_system(assignments).await;
        runner(&db).up(None).await.unwrap();
        let api = TestApp::over(db).await;

        // changes half of the assignments, in random order, and adds one for everybody
        for round in 0..3 {
            let rows = "SELECT user_email || ',' || case_id || ',A.B' || $1 || ',,,' FROM (SELECT DISTINCT user_email, case_id FROM display_config WHERE user_email LIKE '%@order.test') d
                        WHERE hashtext(user_email || case_id || $1) % 2 = 0 ORDER BY md5(user_email || case_id || $1)";
            let mut rows: Vec<String> =
                sqlx::query_scalar(rows).bind(round.to_string()).fetch_all(api.pool()).await.unwrap();
            rows.extend((1..=12).map(|reader| format!("reader{reader}@order.test,{},A.B,,,", 1000 + round)));
            upload(&api, "/api/admin/config/upload", &rows).await;
            assert_upload_order(&api.db).await;
            execute(&api.db, "VACUUM ANALYZE").await;
            assert_upload_order(&api.db).await;
        }
    }
}

#[tokio::test]
async fn a_replacing_upload_is_read_in_upload_order() {
    let db = study_of_the_old_system(300).await;
    runner(&db).up(None).await.unwrap();
    let api = TestApp::over(db).await;
    // leaves free space everywhere, which new rows may fill
    execute(&api.db, "DELETE FROM display_config WHERE hashtext(id) % 2 = 0").await;
    execute(&api.db, "VACUUM ANALYZE").await;

    let mut rows: Vec<String> = (1..=3600).map(|n| format!("reader{}@order.test,{n},A.B,,,", n % 12 + 1)).collect();
    for _ in 0..3 {
        rows.rotate_left(1234);
        upload(&api, "/admin/config/upload", &rows).await;
        assert_upload_order(&api.db).await;
        execute(&api.db, "VACUUM ANALYZE").await;
        assert_upload_order(&api.db).await;
    }
}

#[tokio::test]
async fn a_batch_comes_after_existing_assignments() {
    let db = study_of_the_old_system(300).await;
    runner(&db).up(None).await.unwrap();
    let api = TestApp::over(db).await;
    execute(&api.db, "DELETE FROM display_config WHERE hashtext(id) % 2 = 0").await;
    execute(&api.db, "VACUUM ANALYZE").await;

    let configs: Vec<_> = (1..=400)
        .map(|case| json!({"user_email": format!("reader{}@order.test", case % 12 + 1), "case_id": 5000 + case, "path_config": []}))
        .collect();
    let answer = api.send_with_key(Method::POST, "/api/v1/configs/batch", &json!({ "configs": configs })).await;

    assert_eq!(answer.status, 201);
    assert_upload_order(&api.db).await;
}

/// The database was migrated by a developer's `cargo dev` before some migrations were withdrawn.
#[tokio::test]
async fn a_database_with_withdrawn_migrations_can_be_migrated() {
    let db = old_system().await;
    runner(&db).up(Some(20_260_112_000_900)).await.unwrap();
    execute(
        &db,
        "UPDATE _sqlx_migrations SET checksum = decode('240a42e2d9a8223e552bd48fbfa24cc2c776f250e88d04c7e6980215fa8642c3d03f66254e90636269227a3afb2b9c00', 'hex')
         WHERE version = 20260102000000;
         DELETE FROM _sqlx_migrations WHERE version >= 20260112000000;
         INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         SELECT version, 'withdrawn', true, 'any', 1 FROM unnest(ARRAY[20260102000100, 20260102000200, 20260102000300, 20260103000300, 20260104000000]) version;
         DROP INDEX display_config_user_email_case_id_id_idx, answer_user_email_id_idx, analytics_user_email_case_id_id_idx;
         CREATE INDEX display_config_user_email_case_id_id_idx ON display_config (user_email, case_id, id);
         CREATE INDEX answer_user_email_created_timestamp_id_idx ON answer (user_email, created_timestamp, id)",
    )
    .await;

    runner(&db).up(None).await.unwrap();

    crate::catalog::Catalog::of(&db).await.assert_is(&crate::catalog::Catalog::current());
    let withdrawn = "SELECT version::text FROM _sqlx_migrations WHERE description = 'withdrawn'";
    assert_eq!(texts(&db, withdrawn).await, Vec::<String>::new());
    assert_eq!(runner(&db).up(None).await.unwrap().message, "nothing was left to do");
}

async fn study_of_the_old_system(assignments: u32) -> TestDb {
    let db = old_system().await;
    execute(&db, &STUDY.replace(":size", &assignments.to_string())).await;
    execute(&db, "VACUUM ANALYZE").await;
    db
}

/// Returns the rows of each statement under each setting, by the statement's name.
async fn read_as_the_old_service(db: &TestDb) -> BTreeMap<String, Vec<String>> {
    let mut connection = connect(db).await;
    let mut read = BTreeMap::new();
    for off in SETTINGS {
        choose_plans_without(&mut connection, off).await;
        for query in QUERIES.split("-- name: ").skip(1) {
            let (name, sql) = query.split_once('\n').unwrap();
            for (user, visit) in [("'reader3@order.test'", "900003"), ("'reader11@order.test'", "900250")] {
                let sql = sql.replace("{user}", user).replace("{visit}", visit).replace("{since}", "'2025-01-02'");
                let sql = format!("SELECT r::text FROM ({}) AS r", sql.trim().trim_end_matches(';'));
                let rows = connection.fetch_all(&*sql).await.unwrap_or_else(|error| panic!("{error}: {sql}"));
                let mut rows: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
                if name.contains("as a set") {
                    // any write to the table affects whether an index-only scan is possible
                    rows.sort_unstable();
                }
                read.insert(format!("{name} for {user}, without {off:?}"), rows);
            }
        }
    }
    read
}

/// Connects without logging statements, because their text contains addresses.
async fn connect(db: &TestDb) -> PgConnection {
    db.url().parse::<PgConnectOptions>().unwrap().disable_statement_logging().connect().await.unwrap()
}

/// Restricts the planner. Parallel workers are off, because they return rows in random order with and without our indexes.
async fn choose_plans_without(connection: &mut PgConnection, off: &[&str]) {
    connection.execute("RESET ALL; SET max_parallel_workers_per_gather = 0; SET jit = off").await.unwrap();
    for kind in off {
        connection.execute(&*format!("SET enable_{kind} = off")).await.unwrap();
    }
}

/// Asserts that the old service reads each participant's assignments in upload order.
async fn assert_upload_order(db: &TestDb) {
    let mut connection = connect(db).await;
    for reader in 1..=12 {
        let theirs = format!("FROM display_config WHERE user_email = 'reader{reader}@order.test'");
        let uploaded = texts(db, &format!("SELECT id {theirs} ORDER BY upload_order")).await;
        for off in SETTINGS {
            choose_plans_without(&mut connection, off).await;
            let rows = connection.fetch_all(&*format!("SELECT case_id, id {theirs}")).await.unwrap();
            let read: Vec<String> = rows.iter().map(|row| row.get(1)).collect();
            assert!(read == uploaded, "reader {reader} of {} assignments, without {off:?}", uploaded.len());
        }
    }
}

async fn upload(api: &TestApp, path: &str, rows: &[String]) {
    let csv = format!("User,Case No.,Path,Collapse,Highlight,Top\n{}\n", rows.join("\n"));
    let answer = api.upload(path, &csv).await;
    assert_eq!(answer.status, 200, "{:?}", answer.json());
}
