//! Concurrent requests of administrators, through two instances of the API over one database.

use http::Method;
use serde_json::json;
use tests::app::{Answer, TestApp};

use crate::exactly_once::{ALICE, Api, ids, in_either_order, upload, with};

const REPLACE_ALL: &str = "/admin/config/upload";
const ADD: &str = "/api/admin/config/upload";
const UPLOADED: &str = "FROM display_config WHERE user_email LIKE 'u%@contract.test'";
const COUNT_BATCH_ENTRIES: &str = "SELECT count(*) FROM display_config WHERE id LIKE 'new-%'";

/// Counts the uploaded assignments, and the uploads that they come from.
async fn count_uploaded(api: &Api) -> (i64, i64) {
    let paths = api.count(&format!("SELECT count(DISTINCT path_config::text) {UPLOADED}")).await;
    (api.count(&format!("SELECT count(*) {UPLOADED}")).await, paths)
}

pub async fn concurrent_page_uploads_leave_one_complete_upload_and_all_other_assignments() {
    let api = Api::start().await;
    let before = api.count("SELECT count(*) FROM display_config").await;

    let answers = api.at_once(20, async |api, n| api.send(upload(ADD, n)).await).await;

    let created = answers.iter().filter_map(|answer| answer.data()["summary"]["created"].as_u64()).sum::<u64>();
    assert_eq!((with(&answers, 200).len(), created), (20, 20));
    assert_eq!(count_uploaded(&api).await, (20, 1));
    assert_eq!(api.count("SELECT count(*) FROM display_config").await, before + 20);
    assert_eq!(api.count("SELECT count(*) FROM audit_entry").await, 20);
}

pub async fn concurrent_copies_of_an_invitation_add_each_account_once() {
    let api = Api::start().await;
    let users: Vec<_> = (1..=5).map(|n| json!({"email": format!("new{n}@contract.test")})).collect();
    let invite = async |api: &TestApp, n| {
        api.send_with_key(Method::POST, "/admin/users", &json!({"users": in_either_order(&users, n)})).await
    };

    let answers = api.at_once(20, invite).await;

    let outcomes = answers.iter().flat_map(|answer| answer.data().as_object().unwrap().clone());
    let (added, failed): (Vec<_>, Vec<_>) = outcomes.partition(|(_, outcome)| outcome == "added");
    assert_eq!((with(&answers, 201).len(), added.len(), failed.len()), (20, 5, 95));
    assert_eq!(api.count(r#"SELECT count(*) FROM "user" WHERE email LIKE 'new%@contract.test'"#).await, 5);
}

pub async fn concurrent_questionnaires_are_each_stored_once() {
    let api = Api::start().await;
    let before = api.count("SELECT count(*) FROM answer_config").await;
    let publish = async |api: &TestApp, n| {
        let questions = json!([{"type": "Text", "title": format!("Question {n}?"), "required": "true"}]);
        api.send_with_key(Method::POST, "/admin/config/answer", &questions).await
    };

    let answers: Vec<Answer> = api.at_once(20, publish).await;

    assert_eq!((with(&answers, 200).len(), ids(&answers).len()), (20, 20));
    assert_eq!(api.count("SELECT count(*) FROM answer_config").await, before + 20);
    let shown = api.one.get("/api/config/answer", None).await.data();
    assert!(ids(&answers).contains(&shown["id"].to_string()), "{shown}");
}

pub async fn concurrent_uploads_and_batches_are_atomic() {
    let api = Api::start().await;
    let entries: Vec<_> =
        (1..=5).map(|n| json!({"id": format!("new-{n}"), "user_email": ALICE, "case_id": 1})).collect();
    let put = async |api: &TestApp, n: usize| match n % 3 {
        0 => api.send(upload(REPLACE_ALL, n)).await,
        1 => api.send(upload(ADD, n)).await,
        _ => {
            let batch = json!({"configs": in_either_order(&entries, n)});
            api.send_with_key(Method::POST, "/api/v1/configs/batch", &batch).await
        }
    };

    let answers = api.at_once(30, put).await;

    assert_eq!((with(&answers, 200).len(), with(&answers, 201).len()), (20, 10));
    assert_eq!(count_uploaded(&api).await, (20, 1));
    assert!(matches!(api.count(COUNT_BATCH_ENTRIES).await, 0 | 5));
}
