use axum::body::Body;
use http::{Method, Request, header};
use serde_json::{Value, json};
use tests::app::{API_KEY, Answer, TestApp};

async fn publish(api: &TestApp, body: &Value) -> Answer {
    api.send_with_key(Method::POST, "/admin/config/answer", body).await
}

#[tokio::test]
async fn a_questionnaire_is_returned_unchanged() {
    let api = TestApp::with_contract_data().await;
    let text = r#"[ {"type":"Text", "title":"名前 😀", "x":{"z":1.0, "big":12345678901234567890123, "a":[]}} ]"#;
    let mut request = Request::post("/admin/config/answer").header("x-api-key", API_KEY);
    request = request.header(header::CONTENT_TYPE, "application/json");

    let id = api.send(request.body(Body::from(text)).unwrap()).await.data()["id"].take();
    let newest = api.get("/api/config/answer", None).await;

    assert_eq!(newest.data()["id"], id);
    assert!(String::from_utf8_lossy(&newest.body).contains(text));
}

#[tokio::test]
async fn the_documented_wrapper_is_removed() {
    let api = TestApp::with_contract_data().await;
    let questions = json!([{"type": "Text", "title": "t"}]);

    let answer = publish(&api, &json!({ "config": questions })).await;

    assert_eq!(answer.status, 200);
    assert_eq!(api.get("/api/config/answer", None).await.data()["config"], questions);
}

#[tokio::test]
async fn a_question_that_cannot_be_shown_is_refused_by_its_number() {
    let api = TestApp::with_contract_data().await;
    let before = api.get("/api/config/answer", None).await.data();

    let questions = json!([{"type": "Text", "title": "t"}, {"type": "SingleChoice", "title": "t", "options": ["a"]}]);
    for body in [questions.clone(), json!({ "config": questions })] {
        let error = publish(&api, &body).await.json()["error"].take();
        let message = "Invalid answer config. Error:Choice question must contain at least 2 options.";
        assert_eq!(error, json!({"code": "1020", "message": message, "detail": "question 2"}));
    }
    assert_eq!(api.get("/api/config/answer", None).await.data(), before);
}

#[tokio::test]
async fn only_administrators_publish_questionnaires() {
    let api = TestApp::with_contract_data().await;
    let [participant, administrator] = ["alice", "admin"].map(|name| api.token_for(&format!("{name}@contract.test")));
    let body = json!([{"type": "Text", "title": "t"}]);

    for (token, status) in [(None, 401), (Some(&*participant), 403), (Some(&*administrator), 200)] {
        assert_eq!(api.post("/admin/config/answer", token, &body).await.status, status);
    }
}
