//! Requests repeated with an `Idempotency-Key`.

use axum::body::Body;
use futures_util::future::join_all;
use http::Request;
use tests::app::{API_KEY, Answer, TestApp};

/// Routes with an `Idempotency-Key`, the table that they add a row to, and two bodies.
const ROUTES: [(&str, &str, &str, &str); 3] = [
    ("/api/v1/experiments", "experiment", r#"{"name": "one", "arms": ["a"]}"#, r#"{"name": "two", "arms": ["a"]}"#),
    ("/api/v1/experiments/exp-alpha/runs", "rl_run", r#"{"triggered_by": "one"}"#, r#"{"triggered_by": "two"}"#),
    (
        "/admin/config/answer",
        "answer_config",
        r#"[{"type": "Text", "title": "one"}]"#,
        r#"[{"type": "Text", "title": "two"}]"#,
    ),
];

async fn send(api: &TestApp, path: &str, key: &str, body: &'static str) -> Answer {
    let request = Request::post(path).header("x-api-key", API_KEY).header("content-type", "application/json");
    api.send(request.header("idempotency-key", key).body(Body::from(body)).unwrap()).await
}

async fn rows(api: &TestApp, table: &str) -> i64 {
    let count = format!("SELECT count(*) FROM {table}");
    sqlx::query_scalar(&count).fetch_one(api.pool()).await.unwrap()
}

#[tokio::test]
async fn a_repeated_request_is_executed_once_and_gets_the_same_response() {
    let api = TestApp::with_contract_data().await;

    for (path, table, body, _) in ROUTES {
        let before = rows(&api, table).await;
        let answers = join_all((0..6).map(|_| send(&api, path, "\"one-key\"", body))).await;

        assert!(answers[0].status.is_success(), "{path}: {}", answers[0].error_message());
        for answer in &answers {
            assert_eq!((answer.status, answer.json()), (answers[0].status, answers[0].json()), "{path}");
            assert_eq!(answer.header("content-type"), "application/json", "{path}");
        }
        assert_eq!(rows(&api, table).await, before + 1, "{path}");
        let entries: i64 = rows(&api, "audit_entry").await;
        send(&api, path, "one-key", body).await;
        assert_eq!(rows(&api, "audit_entry").await, entries, "{path}: a key without quotes is the same key");
    }
}

#[tokio::test]
async fn a_key_is_valid_for_one_request() {
    let api = TestApp::with_contract_data().await;

    for (path, table, body, other) in ROUTES {
        send(&api, path, "a-key", body).await;
        let before = rows(&api, table).await;

        assert_eq!(send(&api, path, "a-key", other).await.error_code(), 422, "{path}");
        assert_eq!(rows(&api, table).await, before, "{path}");
        assert!(send(&api, path, "another-key", body).await.status.is_success(), "{path}");
        assert_eq!(rows(&api, table).await, before + 1, "{path}");
    }
}

#[tokio::test]
async fn a_refused_request_is_executed_when_it_is_repeated() {
    let api = TestApp::with_contract_data().await;
    let (path, _, body, _) = ROUTES[1];
    let set = async |status: &'static str| {
        let update = "UPDATE experiment SET status = $1 WHERE experiment_id = 'exp-alpha'";
        sqlx::query(update).bind(status).execute(api.pool()).await.unwrap();
    };

    set("paused").await;
    assert_eq!(send(&api, path, "a-key", body).await.status, 400);
    set("active").await;

    assert_eq!(send(&api, path, "a-key", body).await.status, 201);
}

#[tokio::test]
async fn an_invalid_key_is_refused_by_its_name() {
    let api = TestApp::with_contract_data().await;

    for (path, _, body, _) in ROUTES {
        for key in ["", "\"\"", "two words"] {
            let answer = send(&api, path, key, body).await;
            assert_eq!(answer.status, 400, "{path} {key}");
            assert!(answer.error_message().starts_with("Idempotency-Key: "), "{}", answer.error_message());
        }
    }
}

#[tokio::test]
async fn a_key_expires_after_a_day() {
    let api = TestApp::with_contract_data().await;
    let (path, table, body, _) = ROUTES[0];
    send(&api, path, "a-key", body).await;
    let before = rows(&api, table).await;

    sqlx::query("UPDATE idempotent_request SET forgotten_at = now()").execute(api.pool()).await.unwrap();
    send(&api, path, "a-key", body).await;

    assert_eq!(rows(&api, table).await, before + 1);
}
