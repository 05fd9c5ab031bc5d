//! Exposures: exported, printed, and compared with the answers.

use serde_json::{Value, json};
use sqlx::query_scalar;
use tests::app::TestApp;
use tests::db::TestDb;

use tests::augmed::Augmed;

const ALICE: &str = "alice@contract.test";
/// An assignment that shows the AI score, one that changes while it is answered, and one that is answered without a view.
const SCORED: &str = "cfg-a17-score-dot";
const CHANGED: &str = "cfg-a05-top-order";
const UNSEEN: &str = "cfg-a04-styles";

async fn answer(api: &TestApp, task: &str) -> i64 {
    let body = json!({"answer": {}, "answerConfigId": "22222222-2222-4222-8222-222222222222"});
    let answer = api.post(&format!("/api/answer/{task}"), Some(&api.token_for(ALICE)), &body).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.data()["id"].as_i64().unwrap()
}

async fn view(api: &TestApp, task: &str) -> Value {
    let answer = api.get(&format!("/api/case-reviews/{task}"), Some(&api.token_for(ALICE))).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.data()
}

/// Creates Alice's answers, in the order of the constants above.
async fn study() -> (Augmed, TestApp, [i64; 3]) {
    let api = TestApp::with_contract_data().await;
    view(&api, SCORED).await;
    view(&api, CHANGED).await;
    let change = sqlx::query("UPDATE display_config SET path_config = '[]' WHERE id = $1").bind(CHANGED);
    change.execute(api.pool()).await.unwrap();
    view(&api, CHANGED).await;
    let answers = [answer(&api, SCORED).await, answer(&api, CHANGED).await, answer(&api, UNSEEN).await];
    (Augmed::over(TestDb::empty().await).set("DATABASE_URL", &api.db.url()), api, answers)
}

#[tokio::test]
async fn the_export_has_a_row_for_each_shown_page() {
    let (augmed, _api, [scored, changed, _]) = study().await;

    let rows = augmed.run(&["--json", "export", "exposures"]).done().json()["data"].take();

    let columns = ["config_id", "ai_score_shown", "ai_score", "answer_id"];
    let of_row = |row: &Value| columns.map(|column| row[column].clone());
    let shown: Vec<_> = rows.as_array().unwrap().iter().map(of_row).collect();
    let score = "Predicted Colorectal Cancer Score: 7.5";
    assert_eq!(
        shown,
        [
            [json!(SCORED), json!(true), json!(score), json!(scored)],
            [json!(CHANGED), json!(false), Value::Null, Value::Null],
            [json!(CHANGED), json!(false), Value::Null, json!(changed)],
        ]
    );
    assert_ne!(rows[1]["features_shown"], json!([]));
    assert_eq!(rows[2]["features_shown"], json!([]));
}

#[tokio::test]
async fn the_page_of_an_answer_is_printed_as_it_was_sent() {
    let (augmed, api, [scored, _, unseen]) = study().await;
    sqlx::query("DELETE FROM display_config").execute(api.pool()).await.unwrap();

    let drawn = augmed.run(&["case", "shown", &scored.to_string()]).done().stdout;
    let without_page = augmed.run(&["case", "shown", &unseen.to_string()]);

    assert!(drawn.contains("Predicted Colorectal Cancer Score: 7.5"), "{drawn}");
    assert_eq!(without_page.code, Some(1));
    assert!(without_page.stderr.contains("no page is on record"), "{}", without_page.stderr);
}

#[tokio::test]
async fn progress_lists_answers_that_contradict_their_page() {
    let (augmed, _api, [scored, changed, unseen]) = study().await;

    let found = augmed.run(&["--json", "progress"]).done().json()["contradictions"].take();

    // these answers say that no score was shown
    assert_eq!(found, json!({"ai_score": [scored], "without_page": [unseen], "page_changed": [changed]}));
}

#[tokio::test]
async fn doctor_lists_answers_that_contradict_their_page() {
    let (augmed, _api, [scored, ..]) = study().await;

    let found = augmed.run(&["--json", "doctor"]).json();

    let pages = found.as_array().unwrap().iter().find(|one| one["check"] == "pages").unwrap();
    assert_eq!(pages["health"], "warning");
    let expected = format!("1 answers contradict their page on whether the AI score was shown: {scored}");
    assert!(pages["finding"].as_str().unwrap().contains(&expected), "{pages}");
}

#[tokio::test]
async fn answers_from_before_the_first_page_are_not_listed() {
    let augmed = Augmed::over(TestDb::with_contract_data().await);
    let answers: i64 = query_scalar("SELECT count(*) FROM answer").fetch_one(&augmed.db.pool).await.unwrap();
    assert!(answers > 0);

    let found = augmed.run(&["--json", "progress"]).done().json()["contradictions"].take();

    assert_eq!(found["without_page"], json!([]));
}
