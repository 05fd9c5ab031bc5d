use axum::body::Body;
use futures_util::future::join_all;
use http::{Method, Request};
use serde_json::{Value, json};
use tests::app::{API_KEY, Answer, TestApp};
use tests::db::TestDb;
use tests::form;

const ADMIN_KEY: &str = "admin-key-of-this-test";
const FILE: &str = "User,Case No.,Path,Collapse,Highlight,Top\nalice@contract.test,1,BACKGROUND.Occupation.Nurse,,,\n";

/// Starts the API with different keys for administrators and services.
async fn api() -> TestApp {
    TestApp::configured(TestDb::with_contract_data().await, &[("ADMIN_API_KEY", ADMIN_KEY)]).await
}

fn request(method: &str, path: &str, key: &str) -> http::request::Builder {
    Request::builder().method(method).uri(path).header("x-api-key", key)
}

async fn trail(api: &TestApp, query: &str) -> Value {
    let request = request("GET", &format!("/admin/audit{query}"), ADMIN_KEY);
    api.send(request.body(Body::empty()).unwrap()).await.data()
}

/// Returns the newest entry.
async fn newest(api: &TestApp) -> Value {
    trail(api, "?limit=1").await["entries"][0].take()
}

async fn count(api: &TestApp) -> usize {
    trail(api, "").await["entries"].as_array().unwrap().len()
}

async fn upload(api: &TestApp, path: &str, file: &str) -> Answer {
    let request = request("POST", path, ADMIN_KEY).header("content-type", form::CONTENT_TYPE);
    api.send(request.body(form::with_file(file).into()).unwrap()).await
}

async fn send(api: &TestApp, method: Method, path: &str, key: &str, body: Value) -> Answer {
    let request = request(method.as_str(), path, key).header("content-type", "application/json");
    api.send(request.body(Body::from(body.to_string())).unwrap()).await
}

#[tokio::test]
async fn an_upload_records_actor_request_and_number_of_assignments() {
    let api = api().await;

    let answer = upload(&api, "/admin/config/upload", FILE).await;

    let entry = newest(&api).await;
    assert_eq!((&entry["actor"], &entry["action"]), (&json!("admin key"), &json!("assignments.replace")));
    assert_eq!((&entry["account_id"], &entry["details"]["added"]), (&Value::Null, &json!(1)));
    assert_eq!(entry["request_id"], answer.header("x-request-id"));
    upload(&api, "/api/admin/config/upload", FILE).await;
    assert_eq!(newest(&api).await["details"], json!({"added": 0, "updated": 1}));
}

#[tokio::test]
async fn a_person_is_recorded_as_their_account() {
    let api = api().await;
    let token = api.token_for("admin@contract.test");

    let id = api.post("/admin/config/answer", Some(&token), &json!([{"type": "Text", "title": "Why?"}])).await.data();

    let entry = newest(&api).await;
    assert_eq!((&entry["actor"], &entry["account_id"]), (&json!("account"), &json!(1)));
    assert_eq!((&entry["action"], &entry["resources"]), (&json!("questionnaire.publish"), &json!([id["id"]])));
}

#[tokio::test]
async fn accounts_are_recorded_by_id() {
    let api = api().await;
    let users = json!({"users": [{"email": "new@contract.test"}, {"email": "alice@contract.test"}]});

    send(&api, Method::POST, "/admin/users", ADMIN_KEY, users).await;

    let id: i32 = sqlx::query_scalar(r#"SELECT id FROM "user" WHERE email = 'new@contract.test'"#)
        .fetch_one(api.pool())
        .await
        .unwrap();
    let entry = newest(&api).await;
    assert_eq!((&entry["resources"], &entry["details"]), (&json!([id.to_string()]), &json!({"added": 1})));
    assert!(!entry.to_string().contains('@'), "{entry}");
}

#[tokio::test]
async fn changes_by_services_are_recorded() {
    let api = api().await;
    let batch = json!({"configs": [{"user_email": "bob@contract.test", "case_id": 9}, {"case_id": 1}]});

    send(&api, Method::POST, "/api/v1/configs/batch", API_KEY, batch).await;
    assert_eq!(newest(&api).await["details"], json!({"added": 1, "failed": 1}));
    send(&api, Method::PATCH, "/api/v1/experiments/exp-beta/status", API_KEY, json!({"status": "active"})).await;
    let entry = newest(&api).await;

    assert_eq!((&entry["actor"], &entry["action"]), (&json!("export key"), &json!("experiment.set-status")));
    assert_eq!(
        (&entry["resources"], &entry["details"]),
        (&json!(["exp-beta"]), &json!({"from": "paused", "to": "active"}))
    );
}

#[tokio::test]
async fn each_change_of_an_experiment_and_its_run_is_recorded() {
    let api = api().await;

    let new = json!({"name": "Delta", "arms": ["control"]});
    let experiment = send(&api, Method::POST, "/api/v1/experiments", API_KEY, new).await.data();
    let run = send(&api, Method::POST, "/api/v1/experiments/exp-alpha/runs", API_KEY, json!({})).await.data();
    let path = format!("/api/v1/experiments/exp-alpha/runs/{}", run["id"]);
    send(&api, Method::PATCH, &path, API_KEY, json!({"status": "running"})).await;

    let trail = trail(&api, "").await;
    let run_id = run["id"].to_string();
    let seen: Vec<_> =
        trail["entries"].as_array().unwrap().iter().map(|it| json!([it["action"], it["resources"]])).collect();
    assert_eq!(seen[0], json!(["run.set-status", ["exp-alpha", run_id]]));
    assert_eq!(seen[1], json!(["run.create", ["exp-alpha", run_id]]));
    assert_eq!(seen[2], json!(["experiment.create", [experiment["experiment_id"]]]));
}

#[tokio::test]
async fn an_export_is_recorded_before_its_first_row_is_sent() {
    let api = api().await;

    api.get_with_key("/api/v1/export/participants?limit=2").await;

    let entry = newest(&api).await;
    assert_eq!((&entry["action"], &entry["details"]), (&json!("data.export"), &json!({"rows": 2})));
    assert_eq!(entry["resources"], json!(["/api/v1/export/participants"]));
}

#[tokio::test]
async fn an_account_that_signs_up_or_resets_its_password_is_the_actor() {
    let api = api().await;
    let signup = json!({"email": "carol@contract.test", "password": "Carol-pass-1"});
    let reset = json!({"password": "Fresh-pass-1", "resetToken": "valid-reset-token"});

    api.post("/api/auth/signup", None, &signup).await;
    let signed_up = newest(&api).await;
    api.post("/api/auth/reset-password", None, &reset).await;
    let reset = newest(&api).await;

    assert_eq!((&signed_up["action"], &signed_up["account_id"]), (&json!("account.sign-up"), &json!(4)));
    assert_eq!((&reset["action"], &reset["account_id"]), (&json!("account.reset-password"), &json!(2)));
}

#[tokio::test]
async fn requests_that_change_nothing_leave_no_entry() {
    let api = api().await;

    upload(&api, "/admin/config/upload", "User,Case No.,Path,Collapse,Highlight,Top\n,1,x,,,\n").await;
    upload(&api, "/api/admin/config/upload/preview", FILE).await;
    send(&api, Method::POST, "/admin/config/answer", ADMIN_KEY, json!([])).await;
    send(&api, Method::POST, "/admin/users", ADMIN_KEY, json!({"users": [{"email": "alice@contract.test"}]})).await;
    send(&api, Method::POST, "/api/v1/configs/batch", API_KEY, json!({"configs": [{"case_id": 1}]})).await;
    send(&api, Method::PATCH, "/api/v1/experiments/exp-alpha/status", API_KEY, json!({"status": "active"})).await;
    api.get_with_key("/api/v1/export/answers?offset=9999").await;

    assert_eq!(count(&api).await, 0);
}

#[tokio::test]
async fn a_change_whose_entry_cannot_be_written_is_rolled_back() {
    let api = api().await;
    sqlx::query("ALTER TABLE audit_entry ADD CONSTRAINT none CHECK (false) NOT VALID")
        .execute(api.pool())
        .await
        .unwrap();

    let answer = upload(&api, "/admin/config/upload", FILE).await;

    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM display_config").fetch_one(api.pool()).await.unwrap();
    assert_eq!((answer.status.as_u16(), left > 1), (500, true));
    assert_eq!(api.get_with_key("/api/v1/export/answers").await.status, 500, "no row leaves without an entry");
}

#[tokio::test]
async fn the_database_refuses_to_change_or_remove_an_entry() {
    let api = api().await;
    upload(&api, "/admin/config/upload", FILE).await;

    for statement in ["UPDATE audit_entry SET actor = 'export key'", "DELETE FROM audit_entry", "TRUNCATE audit_entry"]
    {
        let refusal = sqlx::query(statement).execute(api.pool()).await.unwrap_err().to_string();
        assert!(refusal.contains("audit_entry is append-only"), "{statement}: {refusal}");
    }
    assert_eq!(count(&api).await, 1);
}

#[tokio::test]
async fn pages_lead_from_the_newest_to_the_oldest_entry_without_a_gap() {
    let api = api().await;
    join_all((0..5).map(|_| api.get_with_key("/api/v1/export/participants"))).await;

    let first = trail(&api, "?limit=3").await;
    let second = trail(&api, &format!("?limit=3&cursor={}", first["next_cursor"])).await;

    let ids = |page: &Value| -> Vec<i64> {
        page["entries"].as_array().unwrap().iter().map(|entry| entry["id"].as_i64().unwrap()).collect()
    };
    let all = [ids(&first), ids(&second)].concat();
    assert!(all.len() == 5 && all.is_sorted_by(|newer, older| newer > older), "{all:?}");
    assert_eq!(second["next_cursor"], Value::Null);
}

#[tokio::test]
async fn entries_can_be_filtered_by_action_and_time() {
    let api = api().await;
    api.get_with_key("/api/v1/export/participants").await;
    upload(&api, "/admin/config/upload", FILE).await;

    let exports = trail(&api, "?action=data.export").await;
    let later = trail(&api, "?since=2099-01-01").await;

    assert_eq!(exports["entries"].as_array().unwrap().len(), 1);
    assert_eq!(later["entries"], json!([]));
    let refused = request("GET", "/admin/audit?action=dance", ADMIN_KEY).body(Body::empty()).unwrap();
    assert_eq!(api.send(refused).await.status, 400);
}

#[tokio::test]
async fn the_trail_can_be_read_as_csv() {
    let api = api().await;
    api.get_with_key("/api/v1/export/participants").await;

    let request = request("GET", "/admin/audit", ADMIN_KEY).header("accept", "text/csv").body(Body::empty()).unwrap();
    let file = api.send(request).await;

    let text = String::from_utf8(file.body.to_vec()).unwrap();
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    assert!(text.starts_with("id,created_at,actor,account_id,action,resources,details,request_id\n"), "{text}");
    assert!(text.contains(",export key,,data.export,/api/v1/export/participants,"), "{text}");
}

#[tokio::test]
async fn a_year_outside_the_range_of_the_database_is_refused_by_its_name() {
    let api = api().await;

    for since in ["-5000-01-01", "%2B99999-01-01", "0000-12-31", "9999-12-31T23:00:00-02:00"] {
        let request = request("GET", &format!("/admin/audit?since={since}"), ADMIN_KEY).body(Body::empty()).unwrap();
        let refused = api.send(request).await;

        assert_eq!(refused.status, 400, "{since}");
        assert!(refused.error_message().starts_with("since: "), "{}", refused.error_message());
    }
    assert_eq!(trail(&api, "?since=0001-01-01").await["entries"], json!([]));
}
