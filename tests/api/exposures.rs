//! Exposures: each shown page is stored exactly as it was sent, and showing it again writes nothing.

use futures_util::future::join_all;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sqlx::query_scalar;
use tests::app::{Answer, TestApp};
use tests::db::TestDb;
use tests::round_trips::RoundTrips;

const ALICE: &str = "alice@contract.test";
const TASK: &str = "cfg-a04-styles";
const QUESTIONNAIRE: &str = "22222222-2222-4222-8222-222222222222";

async fn view(api: &TestApp) -> Answer {
    let answer = api.get(&format!("/api/case-reviews/{TASK}"), Some(&api.token_for(ALICE))).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer
}

/// Returns the stored pages of the assignment, oldest first.
async fn pages(api: &TestApp) -> Vec<Vec<u8>> {
    let pages = "SELECT content FROM exposure JOIN shown_page USING (sha256) WHERE task_id = $1 ORDER BY id";
    query_scalar(pages).bind(TASK).fetch_all(api.pool()).await.unwrap()
}

async fn count(api: &TestApp, table: &str) -> i64 {
    query_scalar(&format!("SELECT count(*) FROM {table}")).fetch_one(api.pool()).await.unwrap()
}

async fn show(api: &TestApp, path_config: &Value) {
    let update = sqlx::query("UPDATE display_config SET path_config = $1::json WHERE id = $2");
    update.bind(path_config.to_string()).bind(TASK).execute(api.pool()).await.unwrap();
}

#[tokio::test]
async fn a_page_is_stored_exactly_as_it_was_sent() {
    let api = TestApp::with_contract_data().await;

    let sent = view(&api).await.body;

    assert_eq!(pages(&api).await, [sent.to_vec()]);
    let hash: Vec<u8> = query_scalar("SELECT sha256 FROM exposure").fetch_one(api.pool()).await.unwrap();
    assert_eq!(hash, Sha256::digest(&sent).as_slice());
}

#[tokio::test]
async fn a_long_page_is_compressed() {
    let api = TestApp::with_contract_data().await;
    let complaints = "INSERT INTO observation (observation_id, visit_occurrence_id, person_id, observation_concept_id,
                                               observation_type_concept_id, value_as_string, observation_date)
                      SELECT 900000 + n, 1, 1, 121, 0, 'Finding ' || n, DATE '2024-03-15' FROM generate_series(1, 100) AS n";
    sqlx::query(complaints).execute(api.pool()).await.unwrap();
    let paths: Vec<Value> =
        (1..=100).map(|n| json!({"path": format!("BACKGROUND.Family History.Finding {n}")})).collect();
    show(&api, &paths.into()).await;

    let sent = view(&api).await.body;

    let stored = query_scalar("SELECT pg_column_size(content) FROM shown_page").fetch_one(api.pool());
    let stored = usize::try_from(stored.await.unwrap_or(i32::MAX)).unwrap();
    assert!(stored * 2 < sent.len(), "{stored} of {} bytes", sent.len());
}

#[tokio::test]
async fn a_later_view_is_one_round_trip_and_writes_nothing() {
    let db = TestDb::with_contract_data().await;
    let round_trips = RoundTrips::before(&db.url()).await;
    let api = TestApp::configured(db, &[("DATABASE_URL", round_trips.url()), ("DATABASE_MAX_CONNECTIONS", "1")]).await;
    view(&api).await;
    round_trips.take();

    let again = view(&api).await.body;

    assert_eq!(round_trips.take(), 1);
    assert_eq!(pages(&api).await, [again.to_vec()]);
}

#[tokio::test]
async fn changing_a_page_and_changing_it_back_makes_three_exposures_of_two_pages() {
    let api = TestApp::with_contract_data().await;
    let before: String = query_scalar("SELECT path_config::text FROM display_config WHERE id = $1")
        .bind(TASK)
        .fetch_one(api.pool())
        .await
        .unwrap();
    let first = view(&api).await.body.to_vec();
    show(&api, &json!([])).await;
    let other = view(&api).await.body.to_vec();
    show(&api, &serde_json::from_str(&before).unwrap()).await;
    view(&api).await;

    assert_eq!(pages(&api).await, [first.clone(), other, first]);
    assert_eq!(count(&api, "shown_page").await, 2);
}

#[tokio::test]
async fn concurrent_equal_requests_make_one_exposure() {
    let api = TestApp::with_contract_data().await;

    join_all((0..8).map(|_| view(&api))).await;

    assert_eq!(count(&api, "exposure").await, 1);
}

#[tokio::test]
async fn a_view_after_an_hour_updates_the_time_of_the_last_view() {
    let api = TestApp::with_contract_data().await;
    view(&api).await;
    let earlier = "UPDATE exposure SET first_shown_at = now() - interval '2 hours', last_shown_at = now() - interval '61 minutes'";
    sqlx::query(earlier).execute(api.pool()).await.unwrap();

    view(&api).await;

    let moved = "SELECT last_shown_at > now() - interval '1 minute' AND first_shown_at < now() - interval '1 hour' FROM exposure";
    assert!(query_scalar::<_, bool>(moved).fetch_one(api.pool()).await.unwrap());
}

#[tokio::test]
async fn an_answer_keeps_its_page_after_a_replacing_upload() {
    let api = TestApp::with_contract_data().await;
    let sent = view(&api).await.body.to_vec();
    let body = json!({"answer": {}, "answerConfigId": QUESTIONNAIRE});
    let answer = api.post(&format!("/api/answer/{TASK}"), Some(&api.token_for(ALICE)), &body).await;
    assert_eq!(answer.status, 200, "{}", answer.json());

    replace_all_assignments(&api).await;

    let page = "SELECT content FROM answer JOIN exposure ON exposure.id = exposure_id JOIN shown_page USING (sha256)
                WHERE answer.id = $1";
    let page: Vec<u8> = query_scalar(page).bind(answer.data()["id"].as_i64()).fetch_one(api.pool()).await.unwrap();
    assert_eq!(page, sent);
}

async fn replace_all_assignments(api: &TestApp) {
    let file = "User,Case No.,Path\r\nbob@contract.test,4,A.B";
    let answer = api.upload("/admin/config/upload", file).await;
    assert_eq!(answer.status, 200, "{:?}", answer.json());
    let kept = "SELECT count(*) FROM display_config WHERE user_email = $1";
    assert_eq!(query_scalar::<_, i64>(kept).bind(ALICE).fetch_one(api.pool()).await.unwrap(), 0);
}

#[tokio::test]
async fn an_exposure_has_the_fields_of_its_assignment() {
    let api = TestApp::with_contract_data().await;
    let arm =
        "UPDATE display_config SET experiment_id = 'exp-1', arm = 'ai', policy_id = 'p', allocation_probability = 0.25
               WHERE id = $1";
    sqlx::query(arm).bind(TASK).execute(api.pool()).await.unwrap();

    view(&api).await;

    let kept = "SELECT json_build_array(user_email, case_id, experiment_id, arm, policy_id, allocation_probability, code_version)
                FROM exposure";
    let kept: Value = query_scalar(kept).fetch_one(api.pool()).await.unwrap();
    assert_eq!(kept, json!([ALICE, 1, "exp-1", "ai", "p", 0.25, shared::version::text()]));
}

#[tokio::test]
async fn a_view_with_a_token_of_augmed_is_no_exposure() {
    let api = TestApp::with_contract_data().await;
    let token = api.app.tokens.issue_for_inspection(ALICE, false, chrono::Utc::now()).unwrap();

    let answer = api.get(&format!("/api/case-reviews/{TASK}"), Some(&token)).await;

    assert_eq!((answer.status.as_u16(), count(&api, "exposure").await), (200, 0));
}

#[tokio::test]
async fn a_renewed_token_of_augmed_stays_marked() {
    let api = TestApp::with_contract_data().await;
    let long_ago = chrono::Utc::now() - chrono::TimeDelta::seconds(451);
    let token = api.app.tokens.issue_for_inspection(ALICE, false, long_ago).unwrap();
    let renewed = api.get("/api/cases", Some(&token)).await.token();
    assert_ne!(renewed, token);

    api.get(&format!("/api/case-reviews/{TASK}"), Some(&renewed)).await;

    assert_eq!(count(&api, "exposure").await, 0);
}
