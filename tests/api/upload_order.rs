//! The limits of keeping assignments stored in upload order, which is the order in which the old service serves cases.

use shared::assignment::keep_physical_order;
use sqlx::Executor as _;
use tests::db::TestDb;

/// Two assignments for each of forty readers, of which the second is stored first.
const MISPLACED: &str = "
    INSERT INTO display_config (id, user_email, upload_order)
    SELECT format('%s-%s', reader, number), format('reader%s@order.test', reader), 2 * reader + number
    FROM generate_series(1, 40) AS reader, generate_series(1, 2) AS number
    ORDER BY number DESC";

/// Two statements that move rows take longer than a request may spend on it.
const SLOW_MOVES: &str = "
    CREATE FUNCTION pause() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(2.1); RETURN NULL; END';
    CREATE TRIGGER pause AFTER INSERT ON display_config EXECUTE FUNCTION pause()";

#[tokio::test]
async fn uploads_of_more_than_20_000_assignments_are_not_rewritten() {
    for (written, left) in [(20_000, 0), (20_001, 40)] {
        let db = TestDb::new().await;
        db.pool.execute(MISPLACED).await.unwrap();

        write(&db, written).await;

        assert_eq!(misplaced(&db).await, left, "{written} written");
    }
}

#[tokio::test]
async fn a_request_stops_moving_assignments_after_two_seconds() {
    let db = TestDb::new().await;
    db.pool.execute(MISPLACED).await.unwrap();
    db.pool.execute(SLOW_MOVES).await.unwrap();

    write(&db, 80).await;

    assert_eq!(misplaced(&db).await, 20, "one statement moves the rows of twenty readers");
}

/// Keeps the order after a transaction that wrote this many assignments of the forty readers.
async fn write(db: &TestDb, assignments: usize) {
    let readers: Vec<String> = (1..=40).map(|reader| format!("reader{reader}@order.test")).collect();
    let participants = readers.iter().map(String::as_str).cycle().take(assignments);
    let mut transaction = db.pool.begin().await.unwrap();
    keep_physical_order(&mut transaction, participants).await.unwrap();
    transaction.commit().await.unwrap();
}

/// Returns how many assignments are stored before their predecessor.
async fn misplaced(db: &TestDb) -> i64 {
    let count = "SELECT count(*) FROM display_config AS one JOIN display_config AS before USING (user_email)
                 WHERE before.upload_order < one.upload_order AND before.ctid > one.ctid";
    sqlx::query_scalar(count).fetch_one(&db.pool).await.unwrap()
}
