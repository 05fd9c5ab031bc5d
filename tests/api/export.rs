use std::io::Read as _;

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::read::GzDecoder;
use http::Request;
use serde_json::{Value, json};
use tests::app::{API_KEY, Answer, TestApp};
use tests::db::TestDb;

const ANSWERS: &str = "/api/v1/export/answers";
const DISPLAY_CONFIGS: &str = "/api/v1/export/display-configs";
const ANALYTICS: &str = "/api/v1/export/analytics";
const PARTICIPANTS: &str = "/api/v1/export/participants";

async fn get_with(api: &TestApp, path: &str, header: (&str, &str)) -> Answer {
    let request = Request::get(path).header("x-api-key", API_KEY).header(header.0, header.1);
    api.send(request.body(Body::empty()).expect("a valid request")).await
}

/// Returns the rows of all pages of one row, read by cursor.
async fn rows_by_cursor(api: &TestApp, path: &str) -> Vec<Value> {
    let (mut rows, mut cursor) = (vec![], String::new());
    loop {
        let page = api.get_with_key(&format!("{path}?limit=1&cursor={cursor}")).await;
        assert_eq!(page.status, 200, "{:?}", page.body);
        let mut page = page.json();
        rows.extend(page["data"].as_array().cloned().unwrap_or_default());
        match page["pagination"]["next_cursor"].take() {
            Value::String(next) => cursor = next,
            _ => return rows,
        }
    }
}

#[tokio::test]
async fn cursors_lead_through_all_rows_in_export_order() {
    let api = TestApp::with_contract_data().await;

    for path in [ANSWERS, DISPLAY_CONFIGS, ANALYTICS, PARTICIPANTS] {
        let whole = api.get_with_key(path).await.json();

        assert_eq!(json!(rows_by_cursor(&api, path).await), whole["data"], "{path}");
    }
}

#[tokio::test]
async fn a_row_added_between_pages_does_not_shift_later_pages() {
    let api = TestApp::with_contract_data().await;
    let first = api.get_with_key(&format!("{PARTICIPANTS}?limit=2&cursor=")).await.json();

    let add = "INSERT INTO \"user\" (id, email, admin_flag) VALUES (-1, 'new@contract.test', false)";
    sqlx::query(add).execute(api.pool()).await.expect("an account can be added");
    let cursor = first["pagination"]["next_cursor"].as_str().expect("a second page");
    let second = api.get_with_key(&format!("{PARTICIPANTS}?limit=2&cursor={cursor}")).await.json();

    assert_eq!(second["data"][0]["user_id"], 4);
}

#[tokio::test]
async fn numbering_of_answers_continues_across_pages() {
    let api = TestApp::with_contract_data().await;

    let numbers: Vec<Value> =
        rows_by_cursor(&api, ANSWERS).await.into_iter().map(|mut row| row["order_id"].take()).collect();

    assert_eq!(json!(numbers), json!([1, 1, 2, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1]));
}

#[tokio::test]
async fn the_cursor_of_a_deleted_row_is_refused() {
    let api = TestApp::with_contract_data().await;
    let first = api.get_with_key(&format!("{ANSWERS}?limit=1&cursor=")).await.json();

    sqlx::query("DELETE FROM answer").execute(api.pool()).await.expect("answers can be deleted");
    let cursor = first["pagination"]["next_cursor"].as_str().expect("a second page");
    let answer = api.get_with_key(&format!("{ANSWERS}?cursor={cursor}")).await;

    assert_eq!(answer.status, 400);
    assert!(answer.error_message().contains("cursor"), "{}", answer.error_message());
}

#[tokio::test]
async fn a_csv_page_links_to_the_next_one() {
    let api = TestApp::with_contract_data().await;

    let whole = get_with(&api, &format!("{ANALYTICS}?since=2024-05-01"), ("accept", "text/csv")).await;
    let first = get_with(&api, &format!("{ANALYTICS}?limit=1&since=2024-05-01"), ("accept", "text/csv")).await;
    let next = first.header("link").trim_start_matches('<').split('>').next().expect("a link").to_owned();
    let second = get_with(&api, &next, ("accept", "text/csv")).await;

    let lines = |answer: &Answer| String::from_utf8_lossy(&answer.body).lines().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!((whole.header("link"), second.header("link")), ("", ""));
    assert_eq!(lines(&second)[1], lines(&whole)[2]);
}

#[tokio::test]
async fn only_clients_that_accept_gzip_get_it() {
    let api = TestApp::with_contract_data().await;
    let plain = api.get_with_key(ANSWERS).await;

    let packed = get_with(&api, ANSWERS, ("accept-encoding", "gzip")).await;

    let mut unpacked = vec![];
    GzDecoder::new(&packed.body[..]).read_to_end(&mut unpacked).expect("a whole gzip file");
    assert_eq!((plain.header("content-encoding"), packed.header("content-encoding")), ("", "gzip"));
    assert_eq!(unpacked, plain.body);
}

#[tokio::test]
async fn an_answer_with_two_timings_is_exported_once_with_that_of_its_assignment() {
    let api = TestApp::with_contract_data().await;
    let again = "INSERT INTO analytics (user_email, case_config_id, case_id, case_open_time, answer_open_time, answer_submit_time,
                     to_answer_open_secs, to_submit_secs, total_duration_secs)
                 SELECT user_email, 'another', case_id, now(), now(), now(), 7, 7, 7 FROM analytics WHERE id = 1";
    sqlx::query(again).execute(api.pool()).await.expect("a timing can be added");

    let export = api.get_with_key(ANSWERS).await.json();

    let rows = export["data"].as_array().expect("rows").iter().filter(|row| row["answer_id"] == 1).collect::<Vec<_>>();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["to_answer_open_secs"], 150.5);
}

#[tokio::test]
async fn an_export_with_several_statements_contains_each_row_once() {
    let api = TestApp::start().await;
    let add = "INSERT INTO answer (task_id, user_email, created_timestamp) SELECT n::text, 'p' || n % 3, now() FROM generate_series(1, 250) n";
    sqlx::query(add).execute(api.pool()).await.expect("answers can be added");

    let export = api.get_with_key(ANSWERS).await.json();

    let mut ids: Vec<i64> =
        export["data"].as_array().expect("rows").iter().filter_map(|row| row["answer_id"].as_i64()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((ids.len(), export["pagination"]["total"].as_i64()), (250, Some(250)));
}

#[tokio::test]
async fn a_csv_without_rows_has_a_header_line() {
    let api = TestApp::start().await;

    let csv = get_with(&api, DISPLAY_CONFIGS, ("accept", "text/csv")).await;

    assert_eq!(csv.body, "config_id,user_email,case_id,path_config,person_id,visit_start_date\r\n");
}

#[tokio::test]
async fn since_may_be_any_four_digit_year() {
    let api = TestApp::with_contract_data().await;

    for (since, status) in [
        ("0001-01-01T00:00:00%2B23:59", 200),
        ("9999-12-31T23:59:59-23:59", 200),
        ("9999-W52-7", 200),
        ("-5000-01-01", 400),
        ("0000-01-01", 400),
        ("10000-01-01", 400),
    ] {
        for path in [ANSWERS, ANALYTICS] {
            assert_eq!(api.get_with_key(&format!("{path}?since={since}")).await.status, status, "{path} {since}");
        }
    }
}

#[tokio::test]
async fn a_forged_cursor_causes_no_server_error() {
    let api = TestApp::with_contract_data().await;
    let forged = |order_id: i64| URL_SAFE_NO_PAD.encode(format!("{ANSWERS}\n\n1 {order_id}"));

    for order_id in [i64::MAX, i64::MAX - 1, i64::MIN] {
        let answer = api.get_with_key(&format!("{ANSWERS}?cursor={}", forged(order_id))).await;

        assert!([200, 400].contains(&answer.status.as_u16()), "{order_id}: {:?}", answer.body);
    }
}

#[tokio::test]
async fn only_exports_read_the_replica() {
    let replica = TestDb::with_contract_data().await;
    let api = TestApp::configured(TestDb::new().await, &[("DATABASE_REPLICA_URL", &replica.url())]).await;

    let exported = api.get_with_key(PARTICIPANTS).await.json();
    let login = api.log_in("alice@contract.test", "Alice-pass-1").await;

    assert_ne!(exported["pagination"]["total"], 0);
    assert_eq!(login.error_code(), "1002", "the primary has no accounts");
}
