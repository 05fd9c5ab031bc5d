//! Pagination of lists: experiments, runs, accounts, the audit trail.

use lambda_runtime::{Context, LambdaEvent};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use shared::http::Deadline;
use tests::app::{API_KEY, TestApp};

/// Each list, the field of its rows in the response, and a statement that adds twenty rows.
const LISTS: [(&str, &str, &str); 3] = [
    (
        "/api/v1/experiments",
        "experiments",
        "INSERT INTO experiment (experiment_id, name, arms, created_at)
         SELECT 'exp-' || n, 'n', '[\"a\"]', timestamptz '2025-01-01' + n % 3 * interval '1 day' FROM generate_series(1, 20) n",
    ),
    (
        "/api/v1/experiments/exp-alpha/runs",
        "runs",
        "INSERT INTO rl_run (experiment_id) SELECT 'exp-alpha' FROM generate_series(1, 20)",
    ),
    (
        "/admin/users",
        "users",
        "INSERT INTO \"user\" (email, active) SELECT 'p' || n || '@paging.test', false FROM generate_series(1, 20) n",
    ),
];

async fn with_many(insert: &'static str) -> TestApp {
    let api = TestApp::with_contract_data().await;
    sqlx::query(insert).execute(api.pool()).await.unwrap();
    api
}

fn ids(data: &Value, rows: &str) -> Vec<i64> {
    data[rows].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn the_pages_of_a_list_together_are_the_list() {
    for (path, rows, insert) in LISTS {
        let api = with_many(insert).await;
        let whole = api.get_with_key(path).await.data();
        assert!(whole.get("next_cursor").is_none(), "{path}: a list without a limit has the old form");

        let (mut found, mut next) = (Vec::new(), Some(format!("{path}?limit=7")));
        while let Some(page) = next {
            let answer = api.get_with_key(&page).await;
            let link = answer.header("link");
            next = link.split(['<', '>']).nth(1).map(str::to_owned);
            assert_eq!(next.is_some(), answer.data()["next_cursor"].is_i64(), "{path}");
            found.extend(ids(&answer.data(), rows));
        }

        assert_eq!(found, ids(&whole, rows), "{path}");
    }
}

#[tokio::test]
async fn the_next_page_of_experiments_keeps_the_filter_by_status() {
    let api = with_many(LISTS[0].2).await;

    let answer = api.get_with_key("/api/v1/experiments?status=active&limit=2").await;

    assert!(answer.header("link").contains("&status=active>"), "{}", answer.header("link"));
}

#[tokio::test]
async fn an_invalid_limit_or_cursor_is_refused_by_its_name() {
    let api = TestApp::with_contract_data().await;

    for (path, _, _) in LISTS {
        for (name, value) in [("limit", "0"), ("limit", "many"), ("cursor", "x"), ("cursor", "99999999999")] {
            let answer = api.get_with_key(&format!("{path}?{name}={value}")).await;
            assert_eq!(answer.status, 400, "{path} {name}={value}");
            assert!(answer.error_message().starts_with(name), "{path}: {}", answer.error_message());
        }
    }
}

/// Sends the request to a function, whose responses have at most 1 MB.
/// Otherwise a client whose page ends at an experiment that is removed meanwhile would believe that the list ends there.
#[tokio::test]
async fn the_cursor_of_an_unknown_experiment_is_refused() {
    let api = TestApp::with_contract_data().await;

    let answer = api.get_with_key("/api/v1/experiments?cursor=999999").await;

    assert_eq!(answer.status, 400);
    assert!(answer.error_message().starts_with("cursor"), "{}", answer.error_message());
}

async fn behind_lambda(api: &TestApp, path: &str) -> (u64, Value) {
    let event = json!({ "httpMethod": "GET", "path": path, "headers": {"x-api-key": API_KEY} });
    let event = LambdaEvent::new(to_raw_value(&event).unwrap(), Context::default());
    let answer: Value = shared::lambda::answer(api.service(), event, Deadline::from_now()).await.get().parse().unwrap();
    let body: Value = answer["body"].as_str().unwrap().parse().unwrap();
    (answer["statusCode"].as_u64().unwrap(), body["data"].clone())
}

#[tokio::test]
async fn behind_lambda_a_list_that_is_too_large_is_cut_and_has_a_cursor() {
    let api = with_many("INSERT INTO rl_run (experiment_id) SELECT 'exp-alpha' FROM generate_series(1, 5000)").await;

    for path in ["/api/v1/experiments/exp-alpha/runs", "/api/v1/experiments/exp-alpha"] {
        let (status, data) = behind_lambda(&api, path).await;

        let found = ids(&data, "runs");
        assert_eq!(status, 200, "{path}");
        assert!((2000..5000).contains(&found.len()), "{path}: {}", found.len());
        assert_eq!(data["next_cursor"].as_i64(), found.last().copied(), "{path}");
    }
}

#[tokio::test]
async fn behind_lambda_an_audit_trail_that_is_too_large_is_cut_and_has_a_cursor() {
    let of_many_accounts = "INSERT INTO audit_entry (actor, action, resources, details, request_id)
         SELECT 'cli', 'accounts.invite', (SELECT array_agg(id::text) FROM generate_series(10000000, 10001999) id), '{}', '-'
         FROM generate_series(1, 100)";
    let api = with_many(of_many_accounts).await;

    let (status, data) = behind_lambda(&api, "/admin/audit").await;

    assert_eq!(status, 200);
    let found = ids(&data, "entries");
    assert!((30..60).contains(&found.len()), "26 KB each: {}", found.len());
    assert_eq!(data["next_cursor"].as_i64(), found.last().copied());
}
