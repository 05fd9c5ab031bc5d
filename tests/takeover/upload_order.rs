//! The stored order of assignments.

use tests::db::TestDb;

use crate::support::{execute, old_system, runner, texts};

const IN_UPLOAD_ORDER: &str = "SELECT id FROM display_config ORDER BY upload_order";

/// The old service's query for one participant, which has no ORDER BY.
const AS_OLD_CODE_READS: &str = "SELECT id FROM display_config WHERE user_email = 'reader@old.test'";

/// Inserts assignments of very different size, and deletes some, so that rewritten rows may be stored anywhere.
const FRAGMENTED: &str = "
    INSERT INTO display_config (id, user_email, case_id, path_config)
    SELECT md5(n::text), CASE n % 3 WHEN 0 THEN 'reader@old.test' ELSE 'Other@old.test' END, n,
           to_json((SELECT string_agg(md5(n::text || k), '') FROM generate_series(1, n * 7919 % 60) k))
    FROM generate_series(1, 3000) n;
    DELETE FROM display_config WHERE case_id % 11 = 0;";

#[tokio::test]
async fn existing_rows_get_their_physical_order() {
    let db = old_system().await;

    runner(&db).up(None).await.unwrap();

    assert_eq!(texts(&db, IN_UPLOAD_ORDER).await, ["c9", "a1", "b5", "a0", "z2"]);
}

#[tokio::test]
async fn existing_rows_in_many_blocks_get_their_physical_order() {
    let db = old_system().await;
    execute(&db, FRAGMENTED).await;
    let before = texts(&db, "SELECT id FROM display_config ORDER BY ctid").await;

    runner(&db).up(None).await.unwrap();

    assert_eq!(texts(&db, IN_UPLOAD_ORDER).await, before);
}

#[tokio::test]
async fn old_code_reads_the_same_order_as_before() {
    let db = old_system().await;
    execute(&db, FRAGMENTED).await;
    let before = texts(&db, AS_OLD_CODE_READS).await;

    runner(&db).up(None).await.unwrap();

    assert_eq!(texts(&db, AS_OLD_CODE_READS).await, before);
}

#[tokio::test]
async fn a_row_inserted_between_two_migrations_comes_last() {
    let db = old_system().await;
    runner(&db).up(Some(20_260_102_000_000)).await.unwrap();
    execute(&db, "INSERT INTO display_config (id, user_email) VALUES ('a-late', 'reader@old.test')").await;

    runner(&db).up(None).await.unwrap();

    assert_eq!(texts(&db, IN_UPLOAD_ORDER).await, ["c9", "a1", "b5", "a0", "z2", "a-late"]);
}

#[tokio::test]
async fn upload_order_starts_at_one_and_can_be_restarted() {
    let db = TestDb::new().await;
    let insert = "INSERT INTO display_config (id) VALUES ('b'), ('a')";
    let orders = "SELECT upload_order::text FROM display_config ORDER BY upload_order";

    execute(&db, insert).await;
    let fresh = texts(&db, orders).await;
    execute(&db, "TRUNCATE display_config RESTART IDENTITY CASCADE").await;
    execute(&db, insert).await;

    assert_eq!(fresh, ["1", "2"]);
    assert_eq!(texts(&db, orders).await, ["1", "2"]);
}
