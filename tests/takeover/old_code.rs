//! What old code does while and after migrations run.

use crate::support::{execute, old_system, runner, texts};

#[tokio::test]
async fn an_insert_without_our_columns_gets_the_next_order() {
    let db = old_system().await;
    runner(&db).up(None).await.unwrap();

    execute(
        &db,
        "INSERT INTO display_config (id, user_email, case_id, path_config) VALUES ('b', 'reader@old.test', 1, '[]'), ('a', 'reader@old.test', 2, '[]')",
    )
    .await;

    let last = texts(&db, "SELECT id FROM display_config ORDER BY upload_order DESC LIMIT 2").await;
    assert_eq!(last, ["a", "b"]);
}

#[tokio::test]
async fn an_upload_that_replaces_everything_keeps_its_order() {
    let db = old_system().await;
    runner(&db).up(None).await.unwrap();

    execute(
        &db,
        "BEGIN;
         DELETE FROM display_config;
         INSERT INTO display_config (id, user_email) SELECT md5(n::text), 'reader@old.test' FROM generate_series(1, 500) n;
         COMMIT",
    )
    .await;

    let uploaded = texts(&db, "SELECT md5(n::text) FROM generate_series(1, 500) n ORDER BY n").await;
    assert_eq!(texts(&db, "SELECT id FROM display_config ORDER BY upload_order").await, uploaded);
}

#[tokio::test]
async fn a_role_that_may_only_insert_still_may() {
    let db = old_system().await;
    // any role will do; this one is everywhere
    execute(&db, "GRANT INSERT ON display_config TO pg_monitor").await;
    runner(&db).up(None).await.unwrap();

    execute(&db, "BEGIN; SET LOCAL ROLE pg_monitor; INSERT INTO display_config (id) VALUES ('by-role'); COMMIT").await;

    assert_eq!(texts(&db, "SELECT id FROM display_config WHERE id = 'by-role'").await.len(), 1);
}
