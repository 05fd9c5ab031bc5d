//! A client that disappears within a transaction: its network is lost without closing the connection.

use std::time::{Duration, Instant};

use axum::body::Body;
use http::{Method, Request};
use serde_json::{Value, json};
use tests::app::{API_KEY, TestApp, json_request};
use tests::db::TestDb;
use tests::unreliable_network::{UnreliableNetwork, Upstream};

use crate::exactly_once::{ALICE, upload};

/// A route that writes in a transaction.
struct Route {
    name: &'static str,
    request: fn(&TestApp) -> Request<Body>,
    /// The lock that blocks it within its transaction.
    blocking_lock: &'static str,
}

/// `SHARE` lets others read, and blocks writes. The audit entry is the last statement before the commit.
const BLOCK_AUDIT_TRAIL: &str = "LOCK TABLE audit_entry IN SHARE MODE";

fn with_key(method: Method, path: &str, body: &Value) -> Request<Body> {
    let mut request = json_request(method, path, None, body);
    request.headers_mut().insert("x-api-key", API_KEY.parse().unwrap());
    request
}

/// Returns a request for each handler that begins a transaction. A single statement cannot be left open.
fn routes() -> Vec<Route> {
    let of = |name, request| Route { name, request, blocking_lock: BLOCK_AUDIT_TRAIL };
    vec![
        of("POST /admin/users", |_| {
            with_key(Method::POST, "/admin/users", &json!({"users": [{"email": "new@contract.test"}]}))
        }),
        of("DELETE /admin/users/{id}/invitation", |_| {
            with_key(Method::DELETE, "/admin/users/4/invitation", &json!({}))
        }),
        of("POST /admin/config/upload", |_| upload("/admin/config/upload", 1)),
        of("POST /api/admin/config/upload", |_| upload("/api/admin/config/upload", 1)),
        of("POST /admin/config/answer", |_| {
            with_key(Method::POST, "/admin/config/answer", &json!([{"type": "Text", "title": "Why?"}]))
        }),
        of("POST /api/v1/configs/batch", |_| {
            let entry = json!({"id": "new-1", "user_email": ALICE, "case_id": 1});
            with_key(Method::POST, "/api/v1/configs/batch", &json!({"configs": [entry]}))
        }),
        of("POST /api/v1/experiments", |_| {
            with_key(Method::POST, "/api/v1/experiments", &json!({"name": "Delta", "arms": ["control"]}))
        }),
        of("PATCH /api/v1/experiments/{id}/status", |_| {
            with_key(Method::PATCH, "/api/v1/experiments/exp-alpha/status", &json!({"status": "paused"}))
        }),
        of("POST /api/v1/experiments/{id}/runs", |_| {
            with_key(Method::POST, "/api/v1/experiments/exp-alpha/runs", &json!({}))
        }),
        Route {
            name: "PATCH /api/v1/experiments/{id}/runs/{run_id}",
            request: |_| {
                let change = json!({"model_version": "model-2"});
                with_key(Method::PATCH, "/api/v1/experiments/exp-alpha/runs/2", &change)
            },
            blocking_lock: "LOCK TABLE rl_run IN SHARE MODE",
        },
        Route {
            name: "POST /api/answer/{task_id} without a case",
            request: |api| {
                let body = json!({"answer": {"Why?": "so"}, "answerConfigId": "22222222-2222-4222-8222-222222222222"});
                json_request(Method::POST, "/api/answer/without-case", Some(&api.token_for(ALICE)), &body)
            },
            blocking_lock: r#"SELECT FROM "user" WHERE email = 'alice@contract.test' FOR UPDATE"#,
        },
    ]
}

/// After this time it would block the others for ever.
const TIMEOUT: Duration = Duration::from_secs(20);

const ASSIGNMENT_WITHOUT_CASE: &str =
    "INSERT INTO display_config (id, user_email, path_config) VALUES ('without-case', 'alice@contract.test', '[]')";

pub async fn a_client_lost_within_any_transaction_blocks_others_only_for_seconds() {
    for route in routes() {
        let db = TestDb::with_contract_data().await;
        sqlx::query(ASSIGNMENT_WITHOUT_CASE).execute(&db.pool).await.unwrap();
        let network = UnreliableNetwork::before(Upstream::of_database(&db.url())).await;
        let lost = TestApp::configured(TestDb::empty().await, &[("DATABASE_URL", &network.url(&db.url()))]).await;
        let other = TestApp::over(db).await;

        disappear(&lost, &other, &network, &route).await;
        let since = Instant::now();
        let answer = until_served(&other, &route).await;

        while in_transactions(&other).await > 0 && since.elapsed() < TIMEOUT {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }

        let waited = since.elapsed();
        assert!(answer < 400, "{}: {answer}", route.name);
        assert!(waited < Duration::from_secs(8), "{}: its transaction was open for {waited:?}", route.name);
    }
}

/// Sends the request, and loses its connection while its transaction is open.
async fn disappear(lost: &TestApp, other: &TestApp, network: &UnreliableNetwork, route: &Route) {
    let mut held_up = other.pool().begin().await.unwrap();
    sqlx::query(route.blocking_lock).execute(&mut *held_up).await.unwrap();
    let request = lost.send((route.request)(lost));
    let loss = async {
        while waiting(other).await == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        network.lose();
        held_up.rollback().await.unwrap();
        // from here on its transaction is open and idle
        while in_transactions(other).await == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::select! {
        answer = request => panic!("{}: {:?}", route.name, answer.status),
        () = loss => {}
    }
}

/// Repeats the request until it gets another status than 503.
async fn until_served(api: &TestApp, route: &Route) -> u16 {
    let until = Instant::now() + TIMEOUT;
    loop {
        let status = api.send((route.request)(api)).await.status.as_u16();
        if status != 503 || Instant::now() > until {
            return status;
        }
    }
}

async fn waiting(api: &TestApp) -> i64 {
    count(api, "wait_event_type = 'Lock'").await
}

async fn in_transactions(api: &TestApp) -> i64 {
    count(api, "state = 'idle in transaction'").await
}

async fn count(api: &TestApp, condition: &str) -> i64 {
    let query = format!("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND {condition}");
    sqlx::query_scalar(&query).fetch_one(api.pool()).await.unwrap()
}
