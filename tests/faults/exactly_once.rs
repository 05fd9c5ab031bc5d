//! Many concurrent copies of a request, through two instances of the API over one database.

use std::collections::BTreeSet;

use axum::body::Body;
use futures_util::future::join_all;
use http::{Request, header};
use serde_json::{Value, json};
use sqlx::postgres::PgConnectOptions;
use tests::app::{API_KEY, Answer, TestApp};
use tests::db::TestDb;
use tests::form;
use tests::secrets::ANSWER;

pub const ALICE: &str = "alice@contract.test";
const QUESTIONNAIRE: &str = "22222222-2222-4222-8222-222222222222";

/// Two instances of the API over one database.
pub struct Api {
    pub one: TestApp,
    other: TestApp,
}

impl Api {
    pub async fn start() -> Self {
        let one = TestApp::with_contract_data().await;
        let other = TestApp::configured(TestDb::empty().await, &[("DATABASE_URL", &one.db.url())]).await;
        Self { one, other }
    }

    /// Sends concurrent requests, to the two instances in turn.
    pub async fn at_once(&self, copies: usize, put: impl AsyncFn(&TestApp, usize) -> Answer) -> Vec<Answer> {
        join_all((0..copies).map(|n| put(if n.is_multiple_of(2) { &self.one } else { &self.other }, n))).await
    }

    pub async fn count(&self, query: &str) -> i64 {
        sqlx::query_scalar(query).fetch_one(self.one.pool()).await.unwrap()
    }
}

/// Returns `items`, reversed for every second pair, so that each instance gets both orders.
pub fn in_either_order(items: &[Value], n: usize) -> Vec<Value> {
    if (n / 2).is_multiple_of(2) { items.to_vec() } else { items.iter().rev().cloned().collect() }
}

pub fn ids<'a>(answers: impl IntoIterator<Item = &'a Answer>) -> BTreeSet<String> {
    answers.into_iter().map(|answer| answer.data()["id"].to_string()).collect()
}

pub fn with(answers: &[Answer], status: u16) -> Vec<&Answer> {
    answers.iter().filter(|answer| answer.status == status).collect()
}

fn submission(text: &str) -> Value {
    json!({"answer": {"Why?": format!("{ANSWER} {text}")}, "answerConfigId": QUESTIONNAIRE})
}

async fn submit(api: &TestApp, text: &str) -> Answer {
    api.post("/api/answer/cfg-a03-empty", Some(&api.token_for(ALICE)), &submission(text)).await
}

const ANSWERS: &str = "SELECT count(*) FROM answer WHERE task_id = 'cfg-a03-empty'";

pub async fn a_hundred_copies_of_an_answer_store_one_and_all_return_its_id() {
    let api = Api::start().await;

    let answers = api.at_once(100, async |api, _| submit(api, "once").await).await;

    assert_eq!((with(&answers, 200).len(), ids(&answers).len()), (100, 1));
    assert_eq!(api.count(ANSWERS).await, 1);
}

pub async fn one_of_two_concurrent_answers_wins_and_the_other_gets_a_conflict() {
    let api = Api::start().await;

    let answers = api.at_once(100, async |api, n| submit(api, ["this", "that"][n / 2 % 2]).await).await;

    assert_eq!((with(&answers, 200).len(), with(&answers, 409).len()), (50, 50));
    assert_eq!(ids(with(&answers, 200)).len(), 1);
    assert_eq!(api.count(ANSWERS).await, 1);
}

pub async fn a_hundred_copies_of_a_timing_store_one() {
    let api = Api::start().await;
    let timing = json!({
        "caseConfigId": "cfg-a03-empty", "caseOpenTime": "2026-03-02T08:00:00.0Z",
        "answerOpenTime": "2026-03-02T08:01:00.0Z", "answerSubmitTime": "2026-03-02T08:02:00.0Z"});

    let answers =
        api.at_once(100, async |api, _| api.post("/api/analytics", Some(&api.token_for(ALICE)), &timing).await).await;

    assert_eq!((with(&answers, 200).len(), ids(&answers).len()), (100, 1));
    assert_eq!(api.count("SELECT count(*) FROM analytics WHERE case_config_id = 'cfg-a03-empty'").await, 1);
}

/// Returns an upload of twenty assignments whose path names the upload.
pub fn upload(path: &str, n: usize) -> Request<Body> {
    let rows = (1..=20).map(|user| format!("u{user}@contract.test,1,BACKGROUND.Upload.{n},,,\n"));
    let file: String = std::iter::once("User,Case No.,Path,Collapse,Highlight,Top\n".to_owned()).chain(rows).collect();
    let request = Request::post(path).header(header::CONTENT_TYPE, form::CONTENT_TYPE).header("x-api-key", API_KEY);
    request.body(Body::from(form::with_file(file))).unwrap()
}

pub async fn concurrent_uploads_leave_one_complete_upload() {
    let api = Api::start().await;

    let answers = api.at_once(20, async |api, n| api.send(upload("/admin/config/upload", n)).await).await;

    assert_eq!(with(&answers, 200).len(), 20);
    assert_eq!(api.count("SELECT count(*) FROM display_config").await, 20);
    assert_eq!(api.count("SELECT count(DISTINCT path_config::text) FROM display_config").await, 1);
    assert_eq!(api.count("SELECT count(*) FROM audit_entry").await, 20);
}

pub async fn concurrent_copies_of_a_batch_add_each_entry_once() {
    let api = Api::start().await;
    let entries = (1..=5).map(|case| json!({"id": format!("new-{case}"), "user_email": ALICE, "case_id": 1}));
    let entries: Vec<_> = entries.collect();

    let put = async |api: &TestApp, n| {
        let batch = json!({"configs": in_either_order(&entries, n)});
        api.send_with_key(http::Method::POST, "/api/v1/configs/batch", &batch).await
    };
    let answers = api.at_once(20, put).await;

    let results = answers.iter().flat_map(|answer| answer.data()["results"].as_array().unwrap().clone());
    let (added, failed): (Vec<_>, Vec<_>) = results.partition(|result| result["status"] == "added");
    assert_eq!((with(&answers, 201).len(), added.len(), failed.len()), (20, 5, 95));
    assert_eq!(api.count("SELECT count(*) FROM display_config WHERE id LIKE 'new-%'").await, 5);
}

pub async fn one_of_concurrent_signups_wins_and_the_others_are_refused() {
    let api = Api::start().await;
    let sign_up = async |api: &TestApp, n| {
        let body = json!({"email": "carol@contract.test", "password": format!("Carol-pass-{n}")});
        api.post_patiently("/api/auth/signup", None, &body).await
    };

    let answers = api.at_once(20, sign_up).await;

    let winner = answers.iter().position(|answer| answer.status == 201).unwrap();
    assert_eq!(answers.iter().filter(|answer| answer.error_code() == "1003").count(), 19);
    assert_eq!(api.one.log_in("carol@contract.test", &format!("Carol-pass-{winner}")).await.status, 200);
}

pub async fn one_of_concurrent_resets_with_a_token_wins_and_the_others_are_refused() {
    let api = Api::start().await;
    let reset = async |api: &TestApp, n| {
        let body = json!({"password": format!("Fresh-pass-{n}"), "resetToken": "valid-reset-token"});
        api.post_patiently("/api/auth/reset-password", None, &body).await
    };

    let answers = api.at_once(20, reset).await;

    let winner = answers.iter().position(|answer| answer.status == 200).unwrap();
    assert_eq!(answers.iter().filter(|answer| answer.error_code() == "1022").count(), 19);
    assert_eq!(api.one.log_in(ALICE, &format!("Fresh-pass-{winner}")).await.status, 200);
}

pub async fn one_of_concurrent_migrations_runs_and_the_others_wait() {
    let db = TestDb::empty().await;
    let options: PgConnectOptions = db.url().parse().unwrap();
    let runner = migrate::Runner::new(&options);

    let reports = join_all((0..5).map(|_| runner.up(None))).await;

    let applied: Vec<usize> = reports.into_iter().map(|report| report.unwrap().applied_now.len()).collect();
    assert_eq!(applied.iter().filter(|applied| **applied > 0).count(), 1, "{applied:?}");
}
