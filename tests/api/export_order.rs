//! Exports have the order of the old service, so that a client that reads pages of both during a move gets each row once.

use serde_json::Value;
use tests::app::TestApp;

/// Each export, its key column, and the old service's query (`tests/fixtures/old_service/queries.sql`), with the id as a tie-breaker.
const EXPORTS: [(&str, &str, &str); 4] = [
    ("answers", "answer_id", "SELECT id::text FROM answer ORDER BY user_email, id"),
    ("display-configs", "config_id", "SELECT id::text FROM display_config ORDER BY user_email, case_id, id"),
    ("analytics", "analytics_id", "SELECT id::text FROM analytics ORDER BY user_email, case_id, id"),
    ("participants", "user_id", r#"SELECT id::text FROM "user" WHERE admin_flag = false ORDER BY id"#),
];

/// Adds rows whose ids, times and cases have different orders.
const OUT_OF_ORDER: &str = "
    INSERT INTO answer (id, task_id, case_id, user_email, created_timestamp)
    SELECT 1000 - n, 'task-' || n, n, (ARRAY['b', 'a', 'é', 'B'])[1 + n % 4] || '@order.test', timestamp '2025-01-01' + n * interval '1 hour'
    FROM generate_series(1, 40) n;
    INSERT INTO analytics (id, user_email, case_config_id, case_id, case_open_time, answer_open_time, answer_submit_time, to_answer_open_secs,
                           to_submit_secs, total_duration_secs, created_timestamp)
    SELECT 1000 + n, user_email, task_id, 7 * n % 41, created_timestamp, created_timestamp, created_timestamp, 1, 1, 2, created_timestamp
    FROM (SELECT *, row_number() OVER (ORDER BY id) AS n FROM answer WHERE user_email LIKE '%@order.test') AS answered";

async fn api_with_rows_out_of_order() -> TestApp {
    let api = TestApp::with_contract_data().await;
    sqlx::raw_sql(OUT_OF_ORDER).execute(api.pool()).await.unwrap();
    api
}

async fn as_the_old_service(api: &TestApp, statement: &str) -> Vec<String> {
    sqlx::query_scalar(statement).fetch_all(api.pool()).await.unwrap()
}

fn ids(page: &Value, column: &str) -> Vec<String> {
    let rows = page["data"].as_array().unwrap();
    rows.iter().map(|row| row[column].as_str().map_or_else(|| row[column].to_string(), str::to_owned)).collect()
}

#[tokio::test]
async fn pages_by_offset_have_the_old_order() {
    let api = api_with_rows_out_of_order().await;

    for (export, column, statement) in EXPORTS {
        let mut read = Vec::new();
        for offset in (0..).step_by(7) {
            let page = api.get_with_key(&format!("/api/v1/export/{export}?limit=7&offset={offset}")).await.json();
            read.extend(ids(&page, column));
            if page["pagination"]["has_more"] == false {
                break;
            }
        }
        assert_eq!(read, as_the_old_service(&api, statement).await, "{export}");
    }
}

#[tokio::test]
async fn pages_by_cursor_have_the_old_order() {
    let api = api_with_rows_out_of_order().await;

    for (export, column, statement) in EXPORTS {
        let (mut read, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = api.get_with_key(&format!("/api/v1/export/{export}?limit=7&cursor={cursor}")).await.json();
            read.extend(ids(&page, column));
            match page["pagination"]["next_cursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => break,
            }
        }
        assert_eq!(read, as_the_old_service(&api, statement).await, "{export}");
    }
}

#[tokio::test]
async fn rows_since_a_time_have_the_old_order() {
    let api = api_with_rows_out_of_order().await;
    let since = "2025-01-01T20:00:00";

    for (export, column, statement) in [EXPORTS[0], EXPORTS[2]] {
        let page = api.get_with_key(&format!("/api/v1/export/{export}?since={since}")).await.json();

        let statement = statement.replace(" ORDER", &format!(" WHERE created_timestamp >= '{since}' ORDER"));
        assert_eq!(ids(&page, column), as_the_old_service(&api, &statement).await, "{export}");
    }
}

#[tokio::test]
async fn answers_are_numbered_in_the_old_order() {
    let api = api_with_rows_out_of_order().await;

    let page = api.get_with_key("/api/v1/export/answers?limit=5&offset=3").await.json();

    let numbers = "SELECT order_id::text FROM (SELECT row_number() OVER (PARTITION BY user_email ORDER BY id) AS order_id, user_email, id
                   FROM answer) AS numbered ORDER BY user_email, id LIMIT 5 OFFSET 3";
    assert_eq!(ids(&page, "order_id"), as_the_old_service(&api, numbers).await);
}
