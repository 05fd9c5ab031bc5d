//! Behaviour of the old service's statements during and after migrations.

use crate::support::{execute, old_system, runner, texts};

#[tokio::test]
async fn an_insert_without_our_columns_gets_the_next_upload_order() {
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
async fn a_replacing_upload_keeps_its_order() {
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
async fn a_role_with_only_the_right_to_insert_can_still_insert() {
    let db = old_system().await;
    // any role would do; this one exists on every server
    execute(&db, "GRANT INSERT ON display_config TO pg_monitor").await;
    runner(&db).up(None).await.unwrap();

    execute(&db, "BEGIN; SET LOCAL ROLE pg_monitor; INSERT INTO display_config (id) VALUES ('by-role'); COMMIT").await;

    assert_eq!(texts(&db, "SELECT id FROM display_config WHERE id = 'by-role'").await.len(), 1);
}

#[tokio::test]
async fn answers_of_both_services_have_the_arm_of_their_assignment() {
    let db = old_system().await;
    let assign = "INSERT INTO display_config (id, user_email, case_id, experiment_id, arm) VALUES
                  ('before', 'arm@old.test', 1, 'exp-1', 'ai'), ('after', 'arm@old.test', 2, 'exp-1', 'control')";
    let answer = |task: &str| format!("INSERT INTO answer (task_id, user_email) VALUES ('{task}', 'arm@old.test')");
    execute(&db, assign).await;
    execute(&db, &answer("before")).await;

    runner(&db).up(None).await.unwrap();
    // like the old service, with a role that has no other rights
    execute(&db, "GRANT INSERT ON answer TO pg_monitor; GRANT USAGE ON SEQUENCE diagnose_id_seq TO pg_monitor").await;
    execute(&db, &format!("BEGIN; SET LOCAL ROLE pg_monitor; {}; COMMIT", answer("after"))).await;
    execute(&db, "DELETE FROM display_config").await;

    let arms =
        "SELECT concat_ws(' ', task_id, experiment_id, arm) FROM answer WHERE user_email = 'arm@old.test' ORDER BY id";
    assert_eq!(texts(&db, arms).await, ["before exp-1 ai", "after exp-1 control"]);
}
