//! Secrets are never logged (docs/architecture.md). All tests check the log lines that they cause, and a secret aborts the run.
//! The tests here verify that lines are checked, and send secrets that other tests do not send.

use std::process::Output;

use http::StatusCode;
use serde_json::json;
use tests::app::{self, TestApp};
use tests::aws;
use tests::db::TestDb;
use tests::deployed;
use tests::secrets::{ANSWER, lines_seen};
use tests::server_process::Server;
use tokio::process::Command;

#[tokio::test]
async fn log_lines_are_checked() {
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
}

#[tokio::test]
async fn a_statement_that_fails_is_logged_without_its_values() {
    let api = TestApp::with_contract_data().await;
    let token = api.token_for("alice@contract.test");
    sqlx::query("ALTER TABLE answer ADD CONSTRAINT none CHECK (false) NOT VALID").execute(api.pool()).await.unwrap();

    let body = json!({"answer": {"Reasoning": ANSWER}, "answerConfigId": "22222222-2222-4222-8222-222222222222"});
    let answer = api.post("/api/answer/cfg-a03-empty", Some(&token), &body).await;

    assert_eq!(answer.status.as_u16(), 500);
}

#[tokio::test]
async fn a_mail_that_ses_refuses_is_logged_without_its_recipient() {
    let db = TestDb::with_contract_data().await;
    // SES may escape or change the case of addresses
    let body = r#"{"__type": "MessageRejected", "message": "Address not verified: \u0041LICE\u0040contract.test, Alice@Contract.test"}"#;
    let mut variables = aws::service(StatusCode::BAD_REQUEST, body).await;
    variables.extend([("MAIL_TRANSPORT", "ses".to_owned()), ("MAIL_FROM", "study@study.test".to_owned())]);
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut server = Server::start_with(&db.url(), &variables).await;

    let url = format!("http://{}/api/auth/reset-password-request", server.address);
    let request = reqwest::Client::new().post(url).header("content-type", "application/json");
    let answer = request.body(r#"{"email": "alice@contract.test"}"#).send().await.unwrap();

    assert!(answer.text().await.unwrap().contains("1040"));
    let line = server.logged("failed").await.to_string();
    assert!(line.contains("MessageRejected") && line.contains("id-of-aws"), "{line}");
    assert!(!line.to_lowercase().contains("alice") && !line.contains("ontract.test"), "{line}");
}

#[tokio::test]
async fn secrets_in_a_malformed_response_of_ssm_are_not_logged() {
    let body = r#"{"Parameters": [{"Name": "/test/key", "Value": "a-decrypted-signing-key"#;
    let mut server = Command::new(deployed::binary("augmed-server"));
    server.env_clear().envs(app::environment("postgresql://nobody")).env_remove("JWT_SECRET_KEY");
    server.envs(aws::service(StatusCode::OK, body).await).env("JWT_SECRET_KEY_PARAMETER", "/test/key");

    let Output { status, stdout, stderr } = server.kill_on_drop(true).output().await.unwrap();

    let log = [stdout, stderr].map(|output| String::from_utf8_lossy(&output).into_owned()).concat();
    assert!(!status.success() && log.contains("SSM") && log.contains("id-of-aws"), "{log}");
    assert!(!log.contains("a-decrypted-signing-key"), "{log}");
}
