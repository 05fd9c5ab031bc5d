//! Reuse of a removed assignment's id for another case: an upload removes `task`, and a batch adds it.

use http::Method;
use serde_json::{Value, json};
use tests::app::{Answer, TestApp};

const BOB: &str = "bob@contract.test";
const QUESTIONNAIRE: &str = "22222222-2222-4222-8222-222222222222";

/// Replaces all assignments with one of another participant, and adds Bob's `task` with this case.
async fn assign(api: &TestApp, case_id: i32) {
    let file = "User,Case No.,Path\nalice@contract.test,1,A.B\n";
    let uploaded = api.upload("/admin/config/upload", file).await;
    let entry = json!({"id": "task", "user_email": BOB, "case_id": case_id});
    let added = api.send_with_key(Method::POST, "/api/v1/configs/batch", &json!({ "configs": [entry] })).await;
    assert_eq!((uploaded.status.as_u16(), &added.data()["results"][0]["status"]), (200, &json!("added")));
}

async fn submit(api: &TestApp, answer: &str) -> Answer {
    let body = json!({"answer": {"Why?": answer}, "answerConfigId": QUESTIONNAIRE});
    api.post("/api/answer/task", Some(&api.token_for(BOB)), &body).await
}

async fn time(api: &TestApp, second: u32) -> Answer {
    let at = |minute: u32| format!("2026-03-02T08:{minute:02}:{second:02}.0Z");
    let body =
        json!({"caseConfigId": "task", "caseOpenTime": at(0), "answerOpenTime": at(1), "answerSubmitTime": at(2)});
    api.post("/api/analytics", Some(&api.token_for(BOB)), &body).await
}

async fn exported(api: &TestApp, what: &str) -> Vec<Value> {
    let all = api.get_with_key(&format!("/api/v1/export/{what}?limit=10000")).await.json();
    let rows = all["data"].as_array().unwrap().iter();
    rows.filter(|row| row["user_email"] == BOB && [json!(1), json!(4)].contains(&row["case_id"])).cloned().collect()
}

#[tokio::test]
async fn answers_to_the_old_and_the_new_case_are_both_stored() {
    let api = TestApp::with_contract_data().await;
    assign(&api, 1).await;
    let of_old_case = submit(&api, "first").await.data()["id"].clone();
    assign(&api, 4).await;

    let of_new_case = submit(&api, "second").await.data()["id"].clone();

    let rows: Vec<Value> =
        exported(&api, "answers").await.iter().map(|row| json!([row["answer_id"], row["case_id"]])).collect();
    assert!(rows.contains(&json!([of_old_case, 1])) && rows.contains(&json!([of_new_case, 4])), "{rows:?}");
}

#[tokio::test]
async fn repeating_the_answer_returns_the_id_for_the_new_case() {
    for again in ["first", "second"] {
        let api = TestApp::with_contract_data().await;
        assign(&api, 1).await;
        submit(&api, "first").await;
        assign(&api, 4).await;
        let id = submit(&api, again).await.data()["id"].clone();

        let repeated = submit(&api, again).await;

        assert_eq!((repeated.status.as_u16(), &repeated.data()["id"]), (200, &id), "{again}");
        assert_eq!(submit(&api, "third").await.status, 409);
    }
}

/// As in the old service: an assignment counts as answered by its id (contract section 3).
#[tokio::test]
async fn the_new_case_is_not_offered() {
    let api = TestApp::with_contract_data().await;
    assign(&api, 1).await;
    submit(&api, "first").await;
    assign(&api, 4).await;

    assert_eq!(api.get("/api/cases", Some(&api.token_for(BOB))).await.data(), json!([]));
}

#[tokio::test]
async fn a_timing_belongs_to_the_new_case() {
    let api = TestApp::with_contract_data().await;
    assign(&api, 1).await;
    submit(&api, "first").await;
    let id = time(&api, 0).await.data()["id"].clone();
    assign(&api, 4).await;
    submit(&api, "second").await;

    assert_eq!(time(&api, 30).await.data()["id"], id);

    let timings: Vec<Value> = exported(&api, "analytics")
        .await
        .iter()
        .filter(|row| row["analytics_id"] == id)
        .map(|row| row["case_id"].clone())
        .collect();
    assert_eq!(timings, [4]);
    let of_answers: Vec<Value> = exported(&api, "answers")
        .await
        .iter()
        .map(|row| json!([row["case_id"], row["case_open_time"].is_null()]))
        .collect();
    assert!(of_answers.contains(&json!([4, false])), "{of_answers:?}");
    assert!(!of_answers.contains(&json!([1, false])), "{of_answers:?}");
}
