//! An answer keeps the fields of its assignment.

use http::Method;
use serde_json::{Value, json};
use tests::app::TestApp;

const EXPORT: &str = "/api/v1/export/answers?limit=10000";
const QUESTIONNAIRE: &str = "22222222-2222-4222-8222-222222222222";

async fn replace_all(api: &TestApp, file: &str) {
    let answer = api.upload("/admin/config/upload", file).await;
    assert_eq!(answer.status, 200, "{:?}", answer.json());
}

/// Submits an answer to the newest assignment of Bob, and returns its id.
async fn submit(api: &TestApp) -> Value {
    let newest =
        "SELECT id FROM display_config WHERE user_email = 'bob@contract.test' ORDER BY upload_order DESC LIMIT 1";
    let task: String = sqlx::query_scalar(newest).fetch_one(api.pool()).await.unwrap();
    let body = json!({"answer": {}, "answerConfigId": QUESTIONNAIRE});
    let answer = api.post(&format!("/api/answer/{task}"), Some(&api.token_for("bob@contract.test")), &body).await;
    assert_eq!(answer.status, 200, "{:?}", answer.json());
    answer.data()["id"].clone()
}

async fn exported(api: &TestApp, query: &str, id: &Value) -> Value {
    let all = api.get_with_key(&format!("{EXPORT}{query}")).await.json();
    all["data"].as_array().unwrap().iter().find(|row| row["answer_id"] == *id).unwrap().clone()
}

#[tokio::test]
async fn an_answer_keeps_its_arm_after_a_replacing_upload() {
    let api = TestApp::with_contract_data().await;
    let header = "User,Case No.,Path,Experiment,Arm,Policy,Probability";
    replace_all(&api, &format!("{header}\nbob@contract.test,4,A.B,exp-1,ai,p1,0.25\n")).await;
    let id = submit(&api).await;

    replace_all(&api, &format!("{header}\nbob@contract.test,4,A.B,exp-2,control,p2,1\n")).await;

    let row = exported(&api, "&include=assignment", &id).await;
    let kept =
        ["experiment_id", "arm", "rl_run_id", "policy_id", "allocation_probability"].map(|column| row[column].clone());
    assert_eq!(kept, [json!("exp-1"), json!("ai"), Value::Null, json!("p1"), json!(0.25)]);
}

#[tokio::test]
async fn an_answer_keeps_the_run_and_probability_of_a_batch() {
    let api = TestApp::with_contract_data().await;
    replace_all(&api, "User,Case No.,Path\nalice@contract.test,1,A.B\n").await;
    let entry = json!({"user_email": "bob@contract.test", "case_id": 4, "experiment_id": "exp-alpha", "rl_run_id": 1, "arm": "ai",
                       "allocation_probability": 0.1});
    api.send_with_key(Method::POST, "/api/v1/configs/batch", &json!({ "configs": [entry] })).await;
    let id = submit(&api).await;

    let row = exported(&api, "&include=assignment", &id).await;

    assert_eq!((&row["rl_run_id"], &row["allocation_probability"]), (&json!(1), &json!(0.1)));
}

#[tokio::test]
async fn without_include_the_columns_equal_those_of_the_old_service() {
    let api = TestApp::with_contract_data().await;
    let id = submit(&api).await;

    for (query, has_arm) in [("", false), ("&include=", false), ("&include=assignment", true)] {
        let row = exported(&api, query, &id).await;
        assert_eq!((row.get("arm").is_some(), row.get("order_id").is_some()), (has_arm, true), "{query}");
    }
    assert_eq!(api.get_with_key(&format!("{EXPORT}&include=arms")).await.status, 400);
}

#[tokio::test]
async fn the_next_page_has_the_same_columns_as_the_first() {
    let api = TestApp::with_contract_data().await;

    let page = api.get_with_key("/api/v1/export/answers?limit=1&cursor=&include=assignment").await;
    let next = page.header("link").trim_start_matches('<').split('>').next().unwrap().to_owned();

    assert!(api.get_with_key(&next).await.json()["data"][0].get("arm").is_some(), "{next}");
}

#[tokio::test]
async fn an_invalid_probability_is_refused_by_its_name() {
    let api = TestApp::with_contract_data().await;

    for probability in [json!(0), json!(-0.5), json!(1.01), json!("half")] {
        let entry = json!({"user_email": "bob@contract.test", "case_id": 4, "allocation_probability": probability});
        let refused = api.send_with_key(Method::POST, "/api/v1/configs/batch", &json!({ "configs": [entry] })).await;
        assert!(refused.status == 400 && refused.error_message().contains("allocation_probability: "), "{probability}");
    }
    let file = "User,Case No.,Path,Probability\nbob@contract.test,4,A.B,1.5\n";
    let error = admin_config::config_file::ConfigFile::parse(file.as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), "row 2: Probability is not a number above 0 and at most 1");
}
