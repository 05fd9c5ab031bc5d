//! A day of each participant: log in, review and answer until no case is left.

use serde_json::{Value, json};
use tests::app::TestApp;

use crate::clinician::{Clinician, demo_study};
use crate::page;

/// Reads and answers all remaining cases. Returns their ids in order, and the positions of the answers whose questionnaire had an
/// attention check.
async fn work(clinician: &Clinician<'_>) -> (Vec<String>, Vec<usize>) {
    let (mut read, mut attention_checks) = (Vec::new(), Vec::new());
    while let Some(case) = clinician.next_case().await {
        let id = case["config_id"].as_str().unwrap().to_owned();
        let review = clinician.review(&id).await;
        page::check(&review);
        assert_eq!(review["caseNumber"], case["case_id"].to_string());
        let questionnaire = clinician.questionnaire().await;
        if has_attention_check(&questionnaire) {
            attention_checks.push(read.len() + 1);
        }
        let answer = clinician.answer(&id, &questionnaire).await;
        clinician.send_timing(&id).await;
        assert!(answer["id"].is_i64(), "{answer}");
        read.push(id);
        assert!(read.len() <= 100, "the cases do not end");
    }
    (read, attention_checks)
}

fn has_attention_check(questionnaire: &Value) -> bool {
    let last = questionnaire["config"].as_array().unwrap().last().unwrap();
    last["title"].as_str().unwrap().starts_with("Attention Check")
}

async fn answers_and_timings(api: &TestApp, email: &str) -> (i64, i64) {
    let counts = "SELECT (SELECT count(*) FROM answer WHERE user_email = $1), (SELECT count(*) FROM analytics WHERE user_email = $1)";
    sqlx::query_as(counts).bind(email).fetch_one(api.pool()).await.unwrap()
}

#[tokio::test]
async fn a_participant_reads_every_case_with_an_attention_check_at_the_tenth() {
    let api = demo_study().await;

    for email in ["ines.okafor@example.org", "tomas.brandt@example.org"] {
        let (read, attention_checks) = work(&Clinician::log_in(&api, email).await).await;

        assert_eq!(read, demo::assignment_ids(email));
        assert_eq!((read.len(), attention_checks), (12, vec![10]));
        assert_eq!(answers_and_timings(&api, email).await, (12, 12));
    }
}

#[tokio::test]
async fn a_participant_continues_where_they_stopped() {
    let api = demo_study().await;
    let email = "yuki.sato@example.org";
    assert_eq!(answers_and_timings(&api, email).await, (6, 6));

    let (read, attention_checks) = work(&Clinician::log_in(&api, email).await).await;

    assert_eq!(read, demo::assignment_ids(email)[6..]);
    assert_eq!(attention_checks, [4], "the fourth answer of this day is the tenth of all");
    assert_eq!(answers_and_timings(&api, email).await, (12, 12));
}

#[tokio::test]
async fn an_answer_whose_timing_was_lost_can_be_repeated() {
    let api = demo_study().await;
    let ines = Clinician::log_in(&api, "ines.okafor@example.org").await;
    let case = ines.next_case().await.unwrap();
    let id = case["config_id"].as_str().unwrap();
    let questionnaire = ines.questionnaire().await;

    let first = ines.answer(id, &questionnaire).await;
    let again = ines.answer(id, &questionnaire).await;

    assert_eq!(first, again);
    assert_eq!(answers_and_timings(&api, "ines.okafor@example.org").await, (1, 0));
}

#[tokio::test]
async fn nobody_reads_cases_of_another_participant() {
    let api = demo_study().await;
    let theirs = &demo::assignment_ids("tomas.brandt@example.org")[0];
    let token = api.token_for("ines.okafor@example.org");

    let answer = api.get(&format!("/api/case-reviews/{theirs}"), Some(&token)).await;

    assert_eq!(answer.error_code(), "1010");
}

#[tokio::test]
async fn an_invited_person_signs_up_and_has_no_cases() {
    let api = demo_study().await;
    let leo = json!({ "email": "leo.martins@example.org", "password": "My-own-pass-1" });
    assert_eq!(api.log_in("leo.martins@example.org", "My-own-pass-1").await.error_code(), "1004");

    assert_eq!(api.post("/api/auth/signup", None, &leo).await.status, 201);

    let token = api.log_in("leo.martins@example.org", "My-own-pass-1").await.token();
    assert_eq!(api.get("/api/cases", Some(&token)).await.data(), json!([]));
}

#[tokio::test]
async fn the_administrator_sees_every_account() {
    let api = demo_study().await;

    let accounts = Clinician::log_in(&api, "mara.lindqvist@example.org").await.get("/admin/users").await;

    assert_eq!(accounts["users"].as_array().or(accounts.as_array()).unwrap().len(), demo::accounts().len());
}
