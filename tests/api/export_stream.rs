//! Streaming of exports, and failures during it.

use std::time::Duration;

use axum::body::Body;
use futures_util::future;
use http::Request;
use http_body_util::BodyExt as _;
use serde_json::Value;
use tests::app::{API_KEY, TestApp};
use tests::db::TestDb;
use tests::round_trips::RoundTrips;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt as _;

const ANSWERS: &str = "/api/v1/export/answers?limit=2000";

async fn execute(api: &TestApp, statement: &str) {
    sqlx::query(statement).execute(api.pool()).await.unwrap();
}

/// 2000 answers: the first two statements of an export read 100 each, later ones 1000 each.
const ADD: &str = "INSERT INTO answer (task_id, user_email, created_timestamp)
                   SELECT n::text, 'p1@study.test', now() FROM generate_series(1, 2000) n";

/// Returns a statement that adds so many answers of `bytes`, numbered from 1.
fn answers_of(bytes: usize, count: usize) -> String {
    format!(
        "INSERT INTO answer (id, task_id, user_email, created_timestamp, answer)
         SELECT n, n::text, 'p1@study.test', now(), to_json(repeat('x', {bytes})) FROM generate_series(1, {count}) n"
    )
}

/// Starts the API with 2000 answers.
async fn with_answers() -> TestApp {
    let api = TestApp::start().await;
    execute(&api, ADD).await;
    api
}

async fn body(api: &TestApp) -> Body {
    body_of(api, ANSWERS).await
}

async fn body_of(api: &TestApp, path: &str) -> Body {
    let request = Request::get(path).header("x-api-key", API_KEY).body(Body::empty()).unwrap();
    api.service().oneshot(request).await.unwrap().into_body()
}

#[tokio::test]
async fn rows_are_sent_as_they_are_read() {
    let api = with_answers().await;
    let mut body = body(&api).await;

    let mut frames = 0;
    while let Some(frame) = body.frame().await {
        frame.unwrap();
        frames += 1;
    }

    // at least one for each statement, and beginning and end of the document; but each one costs a system call
    assert!((5..40).contains(&frames), "{frames}");
}

#[tokio::test]
async fn rows_are_sent_in_pieces_of_at_most_64_kb() {
    let api = TestApp::start().await;
    execute(&api, &answers_of(20_000, 20)).await;

    for accept in ["application/json", "text/csv"] {
        let request = Request::get(ANSWERS).header("x-api-key", API_KEY).header("accept", accept).body(Body::empty());
        let mut body = api.service().oneshot(request.unwrap()).await.unwrap().into_body();
        while let Some(frame) = body.frame().await {
            let bytes = frame.unwrap().into_data().unwrap().len();
            assert!(bytes <= 64 * 1024, "{accept}: {bytes}");
        }
    }
}

/// Fewer rows fit into a statement than it asks for, so the rest of each one comes before the next one's rows.
#[tokio::test]
async fn rows_of_concurrent_statements_are_sent_in_order() {
    let api = TestApp::start().await;
    execute(&api, &answers_of(20_000, 250)).await;

    let document = body(&api).await.collect().await.unwrap().to_bytes();

    let document: Value = serde_json::from_slice(&document).unwrap();
    let ids: Vec<_> = document["data"].as_array().unwrap().iter().map(|row| row["answer_id"].as_u64()).collect();
    assert_eq!(ids, (1..=250).map(Some).collect::<Vec<_>>());
}

/// A batch is kept in memory, so a statement ends after 1 MB.
#[tokio::test]
async fn large_rows_take_more_statements_than_small_ones() {
    for path in ["answers", "answers?include=assignment"] {
        let db = TestDb::new().await;
        let round_trips = RoundTrips::before(&db.url()).await;
        let variables = [("DATABASE_URL", round_trips.url()), ("DATABASE_MAX_CONNECTIONS", "1")];
        let api = TestApp::configured(db, &variables).await;
        let mut counts = Vec::new();
        for bytes in [1, 1, 100_000] {
            execute(&api, "TRUNCATE answer").await;
            execute(&api, &answers_of(bytes, 15)).await;
            round_trips.take();
            body_of(&api, &format!("/api/v1/export/{path}")).await.collect().await.unwrap();
            counts.push(round_trips.take());
        }

        // the first export opens the connection
        assert_eq!(counts[2], counts[1] + 1, "{path}: {counts:?}");
    }
}

#[tokio::test]
async fn an_export_reads_with_two_connections_if_half_of_them_stay_free() {
    for (connections, others, statements) in [("3", 0, 1), ("4", 0, 2), ("10", 0, 2), ("10", 3, 2), ("10", 5, 1)] {
        let api = TestApp::configured(TestDb::new().await, &[("DATABASE_MAX_CONNECTIONS", connections)]).await;
        execute(&api, ADD).await;
        let _others = future::join_all((0..others).map(|_| api.app.db.acquire())).await;
        let mut lock = api.pool().begin().await.unwrap();
        sqlx::query("LOCK TABLE person").execute(&mut *lock).await.unwrap();

        let unlocked = async {
            api.db.until_blocked(statements).await;
            // a statement too many would be blocked, too
            tokio::time::sleep(Duration::from_millis(200)).await;
            let blocked = api.db.blocked().await;
            lock.rollback().await.unwrap();
            blocked
        };
        let (document, blocked) = tokio::join!(async { body(&api).await.collect().await }, unlocked);

        assert_eq!((document.is_ok(), blocked), (true, statements), "with {connections} connections, {others} in use");
    }
}

#[tokio::test]
async fn an_export_is_cut_off_if_the_database_fails() {
    let api = with_answers().await;
    let mut body = body(&api).await;
    // the beginning, and the rows of the first statement; the second one may be running
    for _ in 0..2 {
        body.frame().await.unwrap().unwrap();
    }

    execute(&api, "ALTER TABLE answer RENAME TO gone").await;

    assert!(body.collect().await.is_err());
}

/// Without the removed rows, the export would look complete.
#[tokio::test]
async fn an_export_is_cut_off_if_an_upload_removes_its_rows() {
    for removed in ["id % 2 = 0", "id = (SELECT min(id) FROM answer)", "id = (SELECT max(id) FROM answer)"] {
        let api = with_answers().await;
        // the keys of the page are read, its rows not yet
        let body = body(&api).await;

        execute(&api, &format!("DELETE FROM answer WHERE {removed}")).await;

        assert!(body.collect().await.is_err(), "{removed}");
    }
}

/// A statement ends after 1 MB, here after ten rows of those it asks for.
#[tokio::test]
async fn an_export_whose_large_rows_an_upload_removes_has_no_end() {
    let answers = answers_of(100_000, 15);
    let configurations = "INSERT INTO display_config (id, user_email, case_id, path_config)
                          SELECT n::text, 'p1@study.test', n, to_json(repeat('x', 100000)) FROM generate_series(1, 15) n";

    for (path, add, remove) in [
        ("answers", answers.as_str(), "DELETE FROM answer WHERE id = (SELECT min(id) FROM answer)"),
        ("answers?include=assignment", answers.as_str(), "DELETE FROM answer WHERE id = (SELECT min(id) FROM answer)"),
        ("display-configs", configurations, "DELETE FROM display_config WHERE case_id = 1"),
    ] {
        let api = TestApp::start().await;
        execute(&api, add).await;
        let body = body_of(&api, &format!("/api/v1/export/{path}")).await;

        execute(&api, remove).await;

        assert!(body.collect().await.is_err(), "{path}");
    }
}

#[tokio::test]
async fn a_client_can_detect_an_incomplete_export() {
    let api = with_answers().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, api.service()).into_future());
    // observations are not needed for the keys of a page, but for its rows
    execute(&api, "ALTER TABLE observation RENAME TO gone").await;

    for encoding in ["identity", "gzip"] {
        let request = format!(
            "GET {ANSWERS} HTTP/1.1\r\nHost: x\r\nX-API-Key: {API_KEY}\r\nAccept-Encoding: {encoding}\r\nConnection: close\r\n\r\n"
        );
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();

        // empty if the connection broke before the head was sent
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 200 OK"), "{encoding}");
        assert!(!answer.ends_with(b"\r\n0\r\n\r\n"), "{encoding}: the last chunk is there");
    }
}
