//! Missing fields are stored as the old service stores them: SQLAlchemy writes Python's `None` into a JSON column as JSON null, which
//! researchers' queries with `IS NULL` distinguish from SQL's NULL.

use http::Method;
use serde_json::{Value, json};
use tests::app::TestApp;

async fn stored(api: &TestApp, statement: &str) -> Option<String> {
    sqlx::query_scalar(statement).fetch_one(api.pool()).await.unwrap()
}

async fn send(api: &TestApp, path: &str, body: &Value) {
    let answer = api.send_with_key(Method::POST, path, body).await;
    assert_eq!(answer.status, 201, "{:?}", answer.json());
}

#[tokio::test]
async fn absent_run_params_are_stored_as_by_the_old_service() {
    let api = TestApp::with_contract_data().await;

    for body in [json!({}), json!({"run_params": null})] {
        send(&api, "/api/v1/experiments/exp-alpha/runs", &body).await;

        let run_params = stored(&api, "SELECT run_params::text FROM rl_run ORDER BY id DESC LIMIT 1").await;
        assert_eq!(run_params.as_deref(), Some("null"), "{body}");
    }
}

#[tokio::test]
async fn an_absent_case_pool_is_stored_as_by_the_old_service() {
    let api = TestApp::with_contract_data().await;

    send(&api, "/api/v1/experiments", &json!({"name": "Study", "arms": ["control"]})).await;

    let case_pool = stored(&api, "SELECT case_pool::text FROM experiment ORDER BY id DESC LIMIT 1").await;
    assert_eq!(case_pool.as_deref(), Some("null"));
}

#[tokio::test]
async fn an_absent_path_config_is_stored_as_by_the_old_service() {
    let api = TestApp::with_contract_data().await;

    let entry = json!({"user_email": "bob@contract.test", "case_id": 4, "id": "cfg-new"});
    send(&api, "/api/v1/configs/batch", &json!({ "configs": [entry] })).await;
    sqlx::query("UPDATE display_config SET path_config = NULL WHERE id = 'cfg-b02-next'")
        .execute(api.pool())
        .await
        .unwrap();
    let answer = json!({"answer": {}, "answerConfigId": "22222222-2222-4222-8222-222222222222"});
    let answer = api.post("/api/answer/cfg-b02-next", Some(&api.token_for("bob@contract.test")), &answer).await;

    assert_eq!(answer.status, 200, "{:?}", answer.json());
    let path_config = stored(&api, "SELECT path_config::text FROM display_config WHERE id = 'cfg-new'").await;
    let shown = stored(&api, "SELECT display_configuration::text FROM answer WHERE task_id = 'cfg-b02-next'").await;
    assert_eq!((path_config.as_deref(), shown.as_deref()), (Some("null"), Some("null")));
}
