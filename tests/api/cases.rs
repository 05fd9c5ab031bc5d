use serde_json::{Value, json};
use sqlx::query;
use tests::app::{Answer, TestApp};
use tests::db::TestDb;
use tests::logs::Logs;
use tests::plan::sequential_scans;
use tests::round_trips::RoundTrips;

const STATEMENT: &str = include_str!("../../functions/cases/src/next_case.sql");

async fn next(api: &TestApp, email: &str) -> Answer {
    api.get("/api/cases", Some(&api.token_for(email))).await
}

/// Returns the id of the next assignment, or null if none is left.
async fn next_id(api: &TestApp, email: &str) -> Value {
    next(api, email).await.data()[0]["config_id"].take()
}

async fn execute(api: &TestApp, statement: &str) {
    query(statement).execute(api.pool()).await.unwrap();
}

async fn answer(api: &TestApp, task_id: &str, email: &str) {
    let insert = query("INSERT INTO answer (task_id, case_id, user_email, answer) VALUES ($1, 1, $2, '{}')");
    insert.bind(task_id).bind(email).execute(api.pool()).await.unwrap();
}

#[tokio::test]
async fn without_a_case_no_page_configuration_is_needed() {
    let api = TestApp::with_contract_data().await;
    execute(&api, "DELETE FROM display_config").await;
    execute(&api, "DELETE FROM system_config").await;

    let answer = next(&api, "alice@contract.test").await;

    assert_eq!((answer.status.as_u16(), answer.data()), (200, json!([])));
}

#[tokio::test]
async fn assignments_are_offered_in_upload_order() {
    let api = TestApp::with_contract_data().await;
    execute(
        &api,
        "INSERT INTO display_config (id, user_email, case_id, upload_order)
         VALUES ('second', 'admin@contract.test', 2, 20), ('first', 'admin@contract.test', 1, 10)",
    )
    .await;

    assert_eq!(next_id(&api, "admin@contract.test").await, "first");
    answer(&api, "first", "admin@contract.test").await;
    assert_eq!(next_id(&api, "admin@contract.test").await, "second");
    answer(&api, "second", "admin@contract.test").await;
    assert_eq!(next(&api, "admin@contract.test").await.data(), json!([]));
}

#[tokio::test]
async fn another_participants_answer_does_not_count() {
    let api = TestApp::with_contract_data().await;

    answer(&api, "cfg-b02-next", "alice@contract.test").await;

    assert_eq!(next_id(&api, "bob@contract.test").await, "cfg-b02-next");
}

#[tokio::test]
async fn an_assignment_without_a_case_or_with_a_deleted_visit_is_skipped() {
    let api = TestApp::with_contract_data().await;

    for case in ["0", "99", "NULL"] {
        execute(&api, &format!("UPDATE display_config SET case_id = {case} WHERE id = 'cfg-f01-case-zero'")).await;
        assert_eq!(next_id(&api, "frank@contract.test").await, "cfg-f02-case-one", "{case}");
    }
}

#[tokio::test]
async fn a_skipped_assignment_is_logged_only_by_its_id() {
    let api = TestApp::with_contract_data().await;
    execute(&api, "UPDATE display_config SET case_id = 99 WHERE id = 'cfg-f01-case-zero'").await;
    let logs = Logs::of_this_thread();

    next(&api, "frank@contract.test").await;

    let skipped: Vec<Value> =
        logs.lines("assignment skipped").iter_mut().map(|line| line["config_id"].take()).collect();
    assert_eq!(skipped, ["cfg-f01-case-zero"]);
    assert!(!logs.text().contains("frank") && !logs.text().contains('@'), "{}", logs.text());
}

#[tokio::test]
async fn no_case_is_offered_if_all_remaining_ones_are_skipped() {
    let api = TestApp::with_contract_data().await;
    execute(&api, "UPDATE display_config SET case_id = 99 WHERE user_email = 'frank@contract.test'").await;

    assert_eq!(next(&api, "frank@contract.test").await.data(), json!([]));
}

#[tokio::test]
async fn a_missing_concept_leaves_its_text_empty() {
    let api = TestApp::with_contract_data().await;
    execute(&api, "UPDATE person SET gender_concept_id = 999").await;
    execute(&api, "UPDATE observation SET observation_concept_id = 999 WHERE observation_concept_id = 132").await;

    let case = next(&api, "alice@contract.test").await.data()[0].take();

    assert_eq!((&case["gender"], &case["patient_chief_complaint"]), (&json!(""), &json!("Cough, Rash, itchy")));
}

#[tokio::test]
async fn without_configured_complaints_a_case_has_none() {
    let api = TestApp::with_contract_data().await;

    for odd in [r"{}", r#"{"PATIENT COMPLAINT": {}}"#, r#"{"PATIENT COMPLAINT": {"Chief Complaint": {"a": [111]}}}"#] {
        execute(&api, &format!("UPDATE system_config SET json_config = '{odd}'")).await;
        assert_eq!(next(&api, "alice@contract.test").await.data()[0]["patient_chief_complaint"], "", "{odd}");
    }
}

#[tokio::test]
async fn a_missing_page_configuration_is_1010_and_says_so() {
    let api = TestApp::with_contract_data().await;
    execute(&api, "DELETE FROM system_config").await;

    let answer = next(&api, "alice@contract.test").await;

    assert_eq!((answer.status.as_u16(), answer.error_code()), (500, json!("1010")));
    assert!(answer.error_message().contains("no page configuration"));
}

#[tokio::test]
async fn the_next_case_is_one_round_trip() {
    let db = TestDb::with_contract_data().await;
    let round_trips = RoundTrips::before(&db.url()).await;
    let api = TestApp::configured(db, &[("DATABASE_URL", round_trips.url()), ("DATABASE_MAX_CONNECTIONS", "1")]).await;
    next(&api, "bob@contract.test").await; // connects, and prepares the statement
    round_trips.take();

    next(&api, "alice@contract.test").await;

    assert_eq!(round_trips.take(), 1);
}

#[tokio::test]
async fn the_next_case_scans_only_the_configuration_table() {
    let db = TestDb::with_study_data().await;

    let scanned = sequential_scans(&db.pool, STATEMENT, &["p7@study.test", "2026-03-02"]).await;

    assert_eq!(scanned.into_iter().collect::<Vec<_>>(), ["system_config"]);
}
