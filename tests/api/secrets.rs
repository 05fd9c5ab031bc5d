//! Nothing of decision 13 is logged. Every test of this program looks at what is logged meanwhile, when its `TestApp` ends; here
//! is that there is something to look at, and what the other tests do not send.

use serde_json::json;
use tests::app::TestApp;
use tests::secrets::{ANSWER, leaks, lines_seen};

#[tokio::test]
async fn what_the_service_logs_is_looked_at() {
    let api = TestApp::start().await;
    let before = lines_seen();

    api.get("/api/healthcheck", None).await;

    assert!(lines_seen() > before);
}

#[tokio::test]
async fn an_answer_is_not_logged_whether_it_is_stored_or_refused() {
    let api = TestApp::with_contract_data().await;
    let token = api.token_for("alice@contract.test");
    let questionnaire = "22222222-2222-4222-8222-222222222222";

    for (body, status) in [
        (json!({"answer": {"Reasoning": ANSWER}, "answerConfigId": questionnaire}), 200),
        (json!({"answer": {"Reasoning": format!("not {ANSWER}")}, "answerConfigId": questionnaire}), 409),
        (json!({"answer": ANSWER, "answerConfigId": questionnaire, "aiScoreShown": ANSWER}), 400),
        (json!({"answer": {"Reasoning": format!("{ANSWER}\0")}, "answerConfigId": questionnaire}), 400),
    ] {
        let answer = api.post("/api/answer/cfg-a03-empty", Some(&token), &body).await;
        assert_eq!(answer.status.as_u16(), status, "{body}");
        assert!(!String::from_utf8_lossy(&answer.body).contains(ANSWER), "{body}");
    }

    assert_eq!(leaks(), None);
}

#[tokio::test]
async fn a_statement_that_fails_is_logged_without_its_values() {
    let api = TestApp::with_contract_data().await;
    let token = api.token_for("alice@contract.test");
    sqlx::query("ALTER TABLE answer ADD CONSTRAINT none CHECK (false) NOT VALID").execute(api.pool()).await.unwrap();

    let body = json!({"answer": {"Reasoning": ANSWER}, "answerConfigId": "22222222-2222-4222-8222-222222222222"});
    let answer = api.post("/api/answer/cfg-a03-empty", Some(&token), &body).await;

    assert_eq!((answer.status.as_u16(), leaks()), (500, None));
}
