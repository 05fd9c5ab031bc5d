//! Keyset pagination of exports: rows added during a walk, and the cost of a page.

use serde_json::{Value, json};
use tests::app::TestApp;
use tests::db::TestDb;

const ANSWERS: &str = "/api/v1/export/answers";
const DISPLAY_CONFIGS: &str = "/api/v1/export/display-configs";
const ANALYTICS: &str = "/api/v1/export/analytics";
const PARTICIPANTS: &str = "/api/v1/export/participants";

/// For each export, inserts a row that precedes all others.
const IN_FRONT: [(&str, &str); 4] = [
    (
        ANSWERS,
        "INSERT INTO answer (task_id, user_email, created_timestamp) VALUES (gen_random_uuid(), '0@new.test', now())",
    ),
    (
        DISPLAY_CONFIGS,
        "INSERT INTO display_config (id, user_email, case_id) VALUES (gen_random_uuid(), '0@new.test', 1)",
    ),
    (
        ANALYTICS,
        "INSERT INTO analytics (id, user_email, case_config_id, case_id, case_open_time, answer_open_time,
                                answer_submit_time, to_answer_open_secs, to_submit_secs, total_duration_secs)
         SELECT least(min(id), 0) - 1, '0@new.test', gen_random_uuid(), 1, now(), now(), now(), 1, 1, 1 FROM analytics",
    ),
    (
        PARTICIPANTS,
        r#"INSERT INTO "user" (id, email, admin_flag) SELECT least(min(id), 0) - 1, gen_random_uuid(), false FROM "user""#,
    ),
];

/// Inserts many rows, most of them of the first participant.
const BUSY_STUDY: &str = r#"
    INSERT INTO answer (task_id, case_id, user_email, answer, ai_score_shown, created_timestamp)
    SELECT 'busy-' || n, 1 + n % 3000, '0@study.test', '{}', false, timestamp '2025-01-01' + n * interval '1 minute'
    FROM generate_series(1, 12000) AS n;
    INSERT INTO display_config (id, user_email, case_id, path_config)
    SELECT 'busy-' || n, '0@study.test', 1 + n % 3000, '[]' FROM generate_series(1, 12000) AS n;
    INSERT INTO analytics (user_email, case_config_id, case_id, case_open_time, answer_open_time, answer_submit_time,
                           to_answer_open_secs, to_submit_secs, total_duration_secs, created_timestamp)
    SELECT user_email, task_id, case_id, created_timestamp, created_timestamp, created_timestamp, 1, 1, 2, created_timestamp
    FROM answer WHERE task_id LIKE 'busy-%';
    INSERT INTO "user" (id, email, admin_flag) SELECT 1000 + n, 'new' || n || '@study.test', false FROM generate_series(1, 12000) AS n;
    ANALYZE"#;

async fn execute(api: &TestApp, statement: &str) {
    sqlx::raw_sql(statement).execute(api.pool()).await.unwrap();
}

/// Returns the page after a cursor; an empty one stands for the first page.
async fn page(api: &TestApp, path: &str, limit: u32, cursor: &str) -> Value {
    let page = api.get_with_key(&format!("{path}?limit={limit}&cursor={cursor}")).await;
    assert_eq!(page.status, 200, "{path}: {:?}", page.body);
    page.json()
}

fn next_cursor(page: &Value) -> Option<String> {
    page["pagination"]["next_cursor"].as_str().map(str::to_owned)
}

/// Returns the rows of all pages; executes a statement after each page.
async fn walk(api: &TestApp, path: &str, limit: u32, in_between: &str) -> Vec<Value> {
    let (mut rows, mut cursor) = (vec![], Some(String::new()));
    while let Some(behind) = cursor {
        let page = page(api, path, limit, &behind).await;
        rows.extend(page["data"].as_array().unwrap().clone());
        execute(api, in_between).await;
        cursor = next_cursor(&page);
    }
    rows
}

#[tokio::test]
async fn rows_added_during_a_walk_neither_repeat_nor_shift_others() {
    let api = TestApp::with_contract_data().await;

    for (path, add_in_front) in IN_FRONT {
        let before = api.get_with_key(path).await.json();

        assert_eq!(json!(walk(&api, path, 2, add_in_front).await), before["data"], "{path}");
    }
}

#[tokio::test]
async fn rows_without_participant_date_or_case_come_last() {
    let api = TestApp::start().await;
    let add = "INSERT INTO answer (task_id, user_email, created_timestamp)
               SELECT gen_random_uuid(), email, time
               FROM unnest(ARRAY['a', 'b', NULL]) AS email, unnest(ARRAY['2025-01-01'::timestamp, '2025-01-02', NULL]) AS time,
                    generate_series(1, 2);
               INSERT INTO display_config (id, user_email, case_id)
               SELECT gen_random_uuid(), email, number
               FROM unnest(ARRAY['a', 'b', NULL]) AS email, unnest(ARRAY[1, 2, NULL]) AS number, generate_series(1, 2)";
    execute(&api, add).await;

    for path in [ANSWERS, DISPLAY_CONFIGS] {
        let whole = api.get_with_key(path).await.json();

        assert_eq!(whole["data"].as_array().unwrap().len(), 18);
        assert_eq!(json!(walk(&api, path, 1, "").await), whole["data"], "{path}");
    }
}

/// Returns the numbers of rows that PostgreSQL has read by sequential scans and by index scans so far.
async fn reads(api: &TestApp) -> [i64; 2] {
    // otherwise the counters of a connection are published with a delay
    sqlx::query("SELECT pg_stat_force_next_flush()").execute(&api.app.db).await.unwrap();
    let reads = "SELECT ARRAY[(SELECT sum(seq_tup_read) FROM pg_stat_user_tables), (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes)]::bigint[]";
    let reads: Vec<i64> = sqlx::query_scalar(reads).fetch_one(api.pool()).await.unwrap();
    reads.try_into().unwrap()
}

/// Returns the numbers of rows that PostgreSQL reads for a page: the least of three times, because the counters of a
/// connection that a busy machine has closed are published at any time.
async fn cost(api: &TestApp, path: &str) -> [i64; 2] {
    let mut least = [i64::MAX; 2];
    for _ in 0..3 {
        let before = reads(api).await;
        assert_eq!(api.get_with_key(path).await.status, 200, "{path}");
        let after = reads(api).await;
        least = [least[0].min(after[0] - before[0]), least[1].min(after[1] - before[1])];
    }
    least
}

/// Starts the API with a single connection, whose counters include all reads.
async fn busy_study() -> TestApp {
    let api = TestApp::configured(TestDb::with_study_data().await, &[("DATABASE_MAX_CONNECTIONS", "1")]).await;
    execute(&api, BUSY_STUDY).await;
    api
}

#[tokio::test]
#[ignore = "in just slow"]
async fn a_late_page_costs_as_much_as_an_early_one() {
    let api = busy_study().await;

    for path in [ANSWERS, DISPLAY_CONFIGS, ANALYTICS, PARTICIPANTS] {
        let near = next_cursor(&page(&api, path, 100, "").await).unwrap();
        let far = next_cursor(&page(&api, path, 10_000, "").await).unwrap();

        let [near_scanned, near] = cost(&api, &format!("{path}?limit=10&cursor={near}")).await;
        let [far_scanned, far] = cost(&api, &format!("{path}?limit=10&cursor={far}")).await;

        assert_eq!((near_scanned, far_scanned), (0, 0), "{path}: a sequential scan");
        assert!(near >= 10 && far <= near + 10, "{path}: {far} index entries instead of {near}");
    }
}

#[tokio::test]
async fn a_first_page_scans_no_table_with_or_without_since() {
    let api = busy_study().await;

    for path in [ANSWERS, DISPLAY_CONFIGS, ANALYTICS, PARTICIPANTS] {
        for query in ["", "&since=2025-01-09T07:00"] {
            // the first page in JSON counts all rows; CSV and later pages do not
            let cursor = next_cursor(&page(&api, path, 1, "").await).unwrap();

            let [scanned, _] = cost(&api, &format!("{path}?limit=10{query}&cursor={cursor}")).await;

            assert_eq!(scanned, 0, "{path}{query}");
        }
    }
}
