//! Compares permissions with `tests/fixtures/permissions.csv`: every route with every kind of caller. A cell contains the status, or the
//! code of a business error. The requests of participants' routes concern Alice's data.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use chrono::{TimeDelta, Utc};
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt as _};
use http::{Method, Request, header};
use serde_json::{Value, json};
use tests::app::{API_KEY, Answer, JWT_SECRET_KEY, TestApp};
use tests::contract::token::ForgedToken;
use tests::db::TestDb;
use tests::form;
use tests::routes;
use tests::secrets::ANSWER;

const TABLE: &str = include_str!("../fixtures/permissions.csv");
const ADMIN_KEY: &str = "admin-key-of-this-test";

/// Returns method, path, body and content type of the request for a route.
fn request(route: &str) -> (Method, String, Body, &'static str) {
    let (method, path) = route.split_once(' ').unwrap();
    let path = path.replace("{case_config_id}", "cfg-a03-empty").replace("{task_id}", "cfg-a03-empty");
    let id = match route {
        // Carol has not signed up; after the first caller has withdrawn her invitation, further ones find none
        "DELETE /admin/users/{id}/invitation" => "4",
        _ if path.starts_with("/admin") => "2",
        _ => "exp-alpha",
    };
    let path = path.replace("{id}", id).replace("{run_id}", "2");
    let body = match route {
        "POST /admin/config/answer" => json!([{"type": "Text", "title": "Why?"}]),
        "POST /admin/users" => json!({"users": [{"email": "new@contract.test"}]}),
        "POST /api/answer/{task_id}" => {
            json!({"answer": {"Reasoning": ANSWER}, "answerConfigId": "22222222-2222-4222-8222-222222222222"})
        }
        "POST /api/auth/login" => json!({"email": "alice@contract.test", "password": "Alice-pass-1"}),
        "POST /api/auth/reset-password" => json!({"password": "Fresh-pass-1", "resetToken": "used-reset-token"}),
        "POST /api/auth/reset-password-request" => json!({"email": "nobody@contract.test"}),
        "POST /api/auth/signup" => json!({"email": "dave@contract.test", "password": "Fresh-pass-1"}),
        "POST /api/v1/configs/batch" => json!({"configs": [{"user_email": "alice@contract.test", "case_id": 1}]}),
        "POST /api/v1/experiments" => json!({"name": "Delta", "arms": ["control"]}),
        "PATCH /api/v1/experiments/{id}/status" => json!({"status": "active"}),
        "PATCH /api/v1/experiments/{id}/runs/{run_id}" => json!({"model_version": "model-2"}),
        _ if path.starts_with("/api/analytics") => json!({
            "caseConfigId": "cfg-a03-empty", "caseOpenTime": "2024-05-01T10:00:00.0Z",
            "answerOpenTime": "2024-05-01T10:01:00.0Z", "answerSubmitTime": "2024-05-01T10:02:00.0Z"}),
        _ if path.contains("/config/upload") => Value::Null,
        _ => json!({}),
    };
    let method = method.parse().unwrap();
    match body {
        Value::Null => (method, path, Body::from(upload()), form::CONTENT_TYPE),
        _ if method == Method::GET => (method, path, Body::empty(), "application/json"),
        body => (method, path, Body::from(body.to_string()), "application/json"),
    }
}

fn upload() -> Vec<u8> {
    form::with_file("User,Case No.,Path,Collapse,Highlight,Top\nalice@contract.test,1,BACKGROUND.Occupation.Nurse,,,\n")
}

/// A header's name and value.
type Credential = (&'static str, String);

/// Returns each kind of caller with its header.
fn callers(api: &TestApp) -> Vec<(&'static str, Option<Credential>)> {
    let forged = |forgery: Value| {
        let forgery: ForgedToken = serde_json::from_value(forgery).unwrap();
        Some(bearer(&forgery.sign(JWT_SECRET_KEY, Utc::now().timestamp()).unwrap()))
    };
    let token = |account: &str| Some(bearer(&api.token_for(&format!("{account}@contract.test"))));
    let long_ago = Utc::now() - TimeDelta::hours(1);
    vec![
        ("nobody", None),
        ("participant", token("alice")),
        ("other participant", token("bob")),
        ("disabled", token("dave")),
        ("disabled administrator", token("former-admin")),
        ("administrator", token("admin")),
        ("export key", Some(("x-api-key", API_KEY.to_owned()))),
        ("admin key", Some(("x-api-key", ADMIN_KEY.to_owned()))),
        ("expired", Some(bearer(&api.app.tokens.issue("admin@contract.test", true, long_ago).unwrap()))),
        ("ended", Some(bearer(&api.app.tokens.issue("frank@contract.test", true, Utc::now()).unwrap()))),
        ("unsigned", forged(json!({"header": {"alg": "none"}, "claims": {"sub": "admin@contract.test"}}))),
        ("other algorithm", forged(json!({"header": {"alg": "HS512"}, "claims": {"sub": "admin@contract.test"}}))),
        ("other key", forged(json!({"secret": "another key", "claims": {"sub": "admin@contract.test"}}))),
        ("key confusion", Some(bearer(&confused_token()))),
        ("used reset token", Some(bearer("used-reset-token"))),
    ]
}

fn bearer(token: &str) -> Credential {
    ("authorization", format!("Bearer {token}"))
}

/// Returns a token that claims an RSA signature, but is signed with the shared key.
fn confused_token() -> String {
    let forgery = json!({"claims": {"sub": "admin@contract.test"}});
    let forgery: ForgedToken = serde_json::from_value(forgery).unwrap();
    let token = forgery.sign(JWT_SECRET_KEY, Utc::now().timestamp()).unwrap();
    let claims = token.split('.').nth(1).unwrap();
    let signed = format!("eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.{claims}");
    let key = jsonwebtoken::EncodingKey::from_secret(JWT_SECRET_KEY.as_bytes());
    let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), &key, jsonwebtoken::Algorithm::HS256).unwrap();
    format!("{signed}.{signature}")
}

fn verdict(answer: &Answer) -> String {
    answer.error_code().as_str().map_or_else(|| answer.status.as_u16().to_string(), str::to_owned)
}

const FORMER_ADMINISTRATOR: &str = r#"INSERT INTO "user" (email, active, admin_flag, password, salt)
    SELECT 'former-admin@contract.test', false, true, password, salt FROM "user" WHERE email = 'admin@contract.test'"#;

/// Makes the account an administrator, so that only the ended session can cause a refusal.
const ENDED_SESSIONS: &str = r#"UPDATE "user" SET admin_flag = true, tokens_valid_from = now() + interval '1 second'
    WHERE email = 'frank@contract.test'"#;

/// Returns the number of rows of each table, and its latest transaction id.
async fn table_states(api: &TestApp) -> Vec<(String, i64, i64)> {
    let all = "SELECT string_agg(format(
        'SELECT %L, count(*), coalesce(max(xmin::text::bigint), 0) FROM %I', relname, relname), ' UNION ALL ' ORDER BY relname)
        FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'";
    let counts: String = sqlx::query_scalar(all).fetch_one(api.pool()).await.unwrap();
    sqlx::query_as(&counts).fetch_all(api.pool()).await.unwrap()
}

/// Returns the outcome of a route for every caller. A refused request must not write.
async fn verdicts(route: &str) -> Vec<String> {
    let api = TestApp::configured(TestDb::with_contract_data().await, &[("ADMIN_API_KEY", ADMIN_KEY)]).await;
    sqlx::query(FORMER_ADMINISTRATOR).execute(api.pool()).await.unwrap();
    sqlx::query(ENDED_SESSIONS).execute(api.pool()).await.unwrap();
    let callers = callers(&api).into_iter().map(|(_, header)| header);
    let verdicts = if route == DELAYED_ROUTE {
        // concurrently, because each is refused after three seconds
        let before = table_states(&api).await;
        let verdicts = join_all(callers.map(|header| ask(&api, route, header))).await;
        assert_eq!(before, table_states(&api).await);
        verdicts.iter().map(verdict).collect()
    } else {
        in_turn(&api, route, callers).await
    };
    [vec![route.to_owned()], verdicts].concat()
}

const DELAYED_ROUTE: &str = "POST /api/auth/reset-password-request";

async fn in_turn(api: &TestApp, route: &str, callers: impl Iterator<Item = Option<Credential>>) -> Vec<String> {
    let (mut verdicts, mut before) = (Vec::new(), table_states(api).await);
    for header in callers {
        let answer = ask(api, route, header).await;
        let after = table_states(api).await;
        let wrote = !answer.status.is_success() && before != after;
        verdicts.push(if wrote { format!("{} but wrote", verdict(&answer)) } else { verdict(&answer) });
        before = after;
    }
    verdicts
}

async fn ask(api: &TestApp, route: &str, header: Option<Credential>) -> Answer {
    let (method, path, body, content_type) = request(route);
    let mut request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, content_type);
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    api.send(request.body(body).unwrap()).await
}

fn table() -> BTreeMap<String, Vec<String>> {
    let rows = csv::Reader::from_reader(TABLE.as_bytes()).into_records();
    rows.map(|row| row.unwrap().iter().map(|cell| cell.trim().to_owned()).collect::<Vec<_>>())
        .map(|row| (row[0].clone(), row))
        .collect()
}

#[tokio::test]
async fn routes_and_rows_match() {
    let routes = routes::of_the_router(&TestApp::start().await).await;

    assert!(routes.contains("GET /api/healthcheck") && routes.len() >= 30, "{routes:?}");
    assert_eq!(table().into_keys().collect::<BTreeSet<_>>(), routes);
}

#[tokio::test]
async fn the_columns_match_the_callers() {
    let api = TestApp::start().await;
    let columns = csv::Reader::from_reader(TABLE.as_bytes()).headers().unwrap().clone();

    let callers = callers(&api).into_iter().map(|(name, _)| name);
    assert!(columns.iter().map(str::trim).eq(std::iter::once("route").chain(callers)), "{columns:?}");
}

#[tokio::test]
async fn every_caller_has_exactly_the_permissions_in_the_table() {
    let table = table();

    // all at once would miss their deadlines on a slow machine
    let seen: Vec<_> = stream::iter(table.keys()).map(|route| verdicts(route)).buffered(8).collect().await;

    let differing = seen.iter().filter(|row| table[&row[0]] != **row).map(|row| row.join(","));
    let differing = differing.collect::<Vec<_>>().join("\n");
    assert!(differing.is_empty(), "actual rows:\n{differing}");
}
