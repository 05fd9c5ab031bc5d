//! The stored order of assignments.

use tests::db::TestDb;

use crate::support::{execute, old_system, runner, texts};

const IN_UPLOAD_ORDER: &str = "SELECT id FROM display_config ORDER BY upload_order";

/// What old code gets for one participant: it asks for no order.
const AS_OLD_CODE_READS: &str = "SELECT id FROM display_config WHERE user_email = 'reader@old.test'";

/// Assignments of very different size, with holes that a deletion left: a row that is written anew can land anywhere.
const LIVED_IN: &str = "
    INSERT INTO display_config (id, user_email, case_id, path_config)
    SELECT md5(n::text), CASE n % 3 WHEN 0 THEN 'reader@old.test' ELSE 'Other@old.test' END, n,
           to_json((SELECT string_agg(md5(n::text || k), '') FROM generate_series(1, n * 7919 % 60) k))
    FROM generate_series(1, 3000) n;
    DELETE FROM display_config WHERE case_id % 11 = 0;";

#[tokio::test]
async fn existing_rows_get_the_order_they_physically_have() {
    let db = old_system().await;

    runner(&db).up(None).await.unwrap();

    assert_eq!(texts(&db, IN_UPLOAD_ORDER).await, ["c9", "a1", "b5", "a0", "z2"]);
}

#[tokio::test]
async fn the_order_is_that_of_many_blocks_too() {
    let db = old_system().await;
    execute(&db, LIVED_IN).await;
    let before = texts(&db, "SELECT id FROM display_config ORDER BY ctid").await;

    runner(&db).up(None).await.unwrap();

    assert_eq!(texts(&db, IN_UPLOAD_ORDER).await, before);
}

#[tokio::test]
async fn old_code_goes_on_serving_in_that_order() {
    let db = old_system().await;
    execute(&db, LIVED_IN).await;
    let before = texts(&db, AS_OLD_CODE_READS).await;

    runner(&db).up(None).await.unwrap();

    assert_eq!(texts(&db, AS_OLD_CODE_READS).await, before);
}

#[tokio::test]
async fn a_row_that_is_inserted_between_two_migrations_comes_last() {
    let db = old_system().await;
    runner(&db).up(Some(20_260_102_000_000)).await.unwrap();
    execute(&db, "INSERT INTO display_config (id, user_email) VALUES ('a-late', 'reader@old.test')").await;

    runner(&db).up(None).await.unwrap();

    assert_eq!(texts(&db, IN_UPLOAD_ORDER).await, ["c9", "a1", "b5", "a0", "z2", "a-late"]);
}

#[tokio::test]
async fn a_fresh_database_counts_from_one_and_so_does_a_restarted_one() {
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
