//! A participant at work: each method sends the requests of one of the frontend's pages.

use http::StatusCode;
use serde_json::{Map, Value, json};
use sqlx::Connection as _;
use tests::app::TestApp;
use tests::db::TestDb;

/// Starts the API over the demo study.
pub async fn demo_study() -> TestApp {
    let db = TestDb::new().await;
    let mut connection = sqlx::PgConnection::connect(&db.url()).await.unwrap();
    demo::seed(&mut connection).await.unwrap();
    TestApp::over(db).await
}

/// A logged-in participant.
pub struct Clinician<'a> {
    api: &'a TestApp,
    token: String,
}

impl<'a> Clinician<'a> {
    /// Logs in with the password of the demo study.
    pub async fn log_in(api: &'a TestApp, email: &str) -> Self {
        let account = demo::accounts().into_iter().find(|account| account.email == email).unwrap();
        let answer = api.log_in(email, &account.password.unwrap()).await;
        assert_eq!(answer.status, StatusCode::OK);
        Self { api, token: answer.token() }
    }

    /// Returns the next case, unless none is left (the list of cases).
    pub async fn next_case(&self) -> Option<Value> {
        let mut cases = self.get("/api/cases").await;
        cases.as_array_mut().unwrap().pop()
    }

    /// Returns the review of a case (the page of a case).
    pub async fn review(&self, case_config_id: &str) -> Value {
        self.get(&format!("/api/case-reviews/{case_config_id}")).await
    }

    /// Returns the questionnaire (the page of questions).
    pub async fn questionnaire(&self) -> Value {
        self.get("/api/config/answer").await
    }

    /// Answers every required question with its first option, or a word.
    pub async fn answer(&self, case_config_id: &str, questionnaire: &Value) -> Value {
        let questions = questionnaire["config"].as_array().unwrap().iter();
        let required = questions.filter(|question| question["required"] != false);
        let answer: Map<String, Value> = required.map(|question| (title(question), first_choice(question))).collect();
        let body = json!({ "answer": answer, "answerConfigId": questionnaire["id"], "aiScoreShown": false });
        self.post(&format!("/api/answer/{case_config_id}"), &body).await
    }

    /// Sends the times of the case.
    pub async fn send_timing(&self, case_config_id: &str) -> Value {
        let times = json!({
            "caseConfigId": case_config_id,
            "caseOpenTime": "2026-03-02T08:00:00.000Z",
            "answerOpenTime": "2026-03-02T08:03:20.250Z",
            "answerSubmitTime": "2026-03-02T08:05:00.500Z",
        });
        self.post("/api/analytics/", &times).await
    }

    pub async fn get(&self, path: &str) -> Value {
        let answer = self.api.get(path, Some(&self.token)).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.error_message());
        assert_eq!(answer.token(), self.token, "the frontend stores the response's token");
        answer.data()
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let answer = self.api.post(path, Some(&self.token), body).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.error_message());
        answer.data()
    }
}

fn title(question: &Value) -> String {
    question["title"].as_str().unwrap().to_owned()
}

fn first_choice(question: &Value) -> Value {
    match question["type"].as_str().unwrap() {
        "SingleChoice" => question["options"][0].clone(),
        "MultipleChoice" => json!([question["options"][0]]),
        _ => json!("Bleeding"),
    }
}
