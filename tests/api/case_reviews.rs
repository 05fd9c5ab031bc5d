use serde_json::{Value, json};
use sqlx::query;
use tests::app::{Answer, TestApp};
use tests::db::TestDb;
use tests::plan::sequential_scans;
use tests::round_trips::RoundTrips;

const STATEMENT: &str = include_str!("../../functions/case-reviews/src/cases.sql");

async fn review(api: &TestApp, email: &str, case_config_id: &str) -> Answer {
    api.get(&format!("/api/case-reviews/{case_config_id}"), Some(&api.token_for(email))).await
}

/// Returns what Alice sees of one of her assignments.
async fn seen(api: &TestApp, case_config_id: &str) -> Value {
    let answer = review(api, "alice@contract.test", case_config_id).await;
    assert_eq!(answer.status, 200, "{case_config_id}: {}", answer.json());
    answer.data()
}

/// Returns the node at this path of keys.
fn node<'a>(nodes: &'a Value, path: &[&str]) -> &'a Value {
    path.iter().fold(nodes, |nodes, key| {
        let children = nodes.get("values").unwrap_or(nodes);
        let found = children.as_array().into_iter().flatten().find(|node| node["key"] == *key);
        found.unwrap_or_else(|| panic!("no {key} in {children}"))
    })
}

async fn configure_page(api: &TestApp, page_config: &Value) {
    // bound as text, because a JSON value would be sent as jsonb, which reorders keys
    let update = query("UPDATE system_config SET json_config = $1::json WHERE id = 'page_config'");
    update.bind(page_config.to_string()).execute(api.pool()).await.unwrap();
}

#[tokio::test]
async fn a_value_with_a_full_stop_can_be_selected() {
    let api = TestApp::with_contract_data().await;

    let case = seen(&api, "cfg-a06-dots").await;

    let history = node(&case["details"], &["BACKGROUND", "Medical History"]);
    assert_eq!(history["values"], json!(["36.60 degree Celsius", "Severe : 120 per minute"]));
    assert_eq!(node(&case["details"], &["BACKGROUND", "Family History"])["values"], json!(["Dr. Notes: v1.5"]));
}

#[tokio::test]
async fn a_nested_value_can_be_selected_and_is_important() {
    let api = TestApp::with_contract_data().await;

    let case = seen(&api, "cfg-a09-nested").await;

    let tobacco = node(&case["details"], &["BACKGROUND", "Social History", "Tobacco"]);
    assert_eq!(tobacco, &json!({"key": "Tobacco", "values": ["Ex-smoker"], "style": {"top": 1}}));
    assert_eq!(node(&case["importantInfos"], &["Tobacco"])["values"], json!(["Ex-smoker"]));
}

#[tokio::test]
async fn a_category_with_a_single_value_is_a_list_of_one() {
    let api = TestApp::with_contract_data().await;

    let case = seen(&api, "cfg-a07-single-row").await;

    assert_eq!(node(&case["details"], &["BACKGROUND", "Occupation"])["values"], json!(["Nurse"]));
}

#[tokio::test]
async fn a_score_keeps_its_decimals() {
    let api = TestApp::with_contract_data().await;

    let case = seen(&api, "cfg-a17-score-dot").await;

    assert_eq!(case["importantInfos"][0]["values"], json!(["Predicted Colorectal Cancer Score: 7.5"]));
}

#[tokio::test]
async fn the_frontend_can_show_every_review() {
    let api = TestApp::with_contract_data().await;
    let ids: Vec<String> =
        sqlx::query_scalar("SELECT id FROM display_config WHERE user_email = 'alice@contract.test' AND case_id < 99")
            .fetch_all(api.pool())
            .await
            .unwrap();

    for id in &ids {
        let case = seen(&api, id).await;
        assert!(case["caseNumber"].as_str().is_some_and(|number| !number.is_empty()), "{id}");
        assert!(case["details"].as_array().unwrap().iter().all(|section| section["values"].is_array()), "{id}");
        assert!(!has_null_in_a_list(&case), "{id}");
        for score in case["importantInfos"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|node| node["key"].as_str().unwrap().starts_with("AI "))
        {
            assert!(score["values"][0].as_str().unwrap().contains(':'), "{id}");
        }
    }
    assert_eq!(ids.len(), 33);
}

fn has_null_in_a_list(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| item.is_null() || has_null_in_a_list(item)),
        Value::Object(fields) => fields.values().any(has_null_in_a_list),
        _ => false,
    }
}

#[tokio::test]
async fn an_assignment_that_is_unknown_or_of_another_participant_is_1010() {
    let api = TestApp::with_contract_data().await;

    for id in ["cfg-b02-next", "no-such-assignment"] {
        let answer = review(&api, "alice@contract.test", id).await;
        assert_eq!((answer.status.as_u16(), answer.error_code()), (500, json!("1010")), "{id}");
        assert_eq!(answer.error_message(), "No access to review case.", "{id}");
    }
}

#[tokio::test]
async fn an_assignment_without_a_case_is_1010_with_the_reason() {
    let api = TestApp::with_contract_data().await;

    for id in ["cfg-a70-no-visit", "cfg-a71-no-case"] {
        let answer = review(&api, "alice@contract.test", id).await;
        assert_eq!((answer.status.as_u16(), answer.error_code()), (500, json!("1010")), "{id}");
        assert!(answer.error_message().contains("case of this assignment does not exist"), "{id}");
    }
}

#[tokio::test]
async fn a_missing_page_configuration_is_1010_and_says_so() {
    let api = TestApp::with_contract_data().await;

    for statement in ["UPDATE system_config SET json_config = '[]'", "DELETE FROM system_config"] {
        query(statement).execute(api.pool()).await.unwrap();
        let answer = review(&api, "alice@contract.test", "cfg-a03-empty").await;
        assert_eq!((answer.status.as_u16(), answer.error_code()), (500, json!("1010")), "{statement}");
        assert!(answer.error_message().contains("no page configuration"), "{statement}");
    }
}

#[tokio::test]
async fn invalid_parts_of_the_page_configuration_are_left_out() {
    let api = TestApp::with_contract_data().await;
    let odd = json!({
        "BACKGROUND": {"Text": "121", "Null": null, "Mixed": ["x", 121, 2.5], "Deep": {"Deeper": 5}},
        "PATIENT COMPLAINT": [111],
        "PHYSICAL EXAMINATION": {"Nested": {"a": [161]}, "Huge": [1e300], "Lungs": [162]},
    });
    configure_page(&api, &odd).await;

    let details = seen(&api, "cfg-a03-empty").await["details"].take();

    let patient = node(&details, &["BACKGROUND", "Patient Demographics"]);
    let mixed = json!({"key": "Mixed", "values": [], "style": null});
    let lungs = json!({"key": "Lungs", "values": "greater than 120", "style": null});
    let background = json!({"key": "BACKGROUND", "values": [patient, mixed], "style": null});
    assert_eq!(details, json!([background, {"key": "PHYSICAL EXAMINATION", "values": [lungs], "style": null}]));
}

#[tokio::test]
async fn keys_keep_the_order_of_the_page_configuration() {
    let api = TestApp::with_contract_data().await;
    configure_page(&api, &json!({"BACKGROUND": {"Work": [125], "Family": [121], "A": [124]}})).await;

    let case = seen(&api, "cfg-a03-empty").await;

    let keys: Vec<&Value> = case["details"][0]["values"].as_array().unwrap().iter().map(|node| &node["key"]).collect();
    assert_eq!(keys, ["Patient Demographics", "Work", "Family", "A"]);
}

#[tokio::test]
async fn missing_concepts_are_left_out() {
    let api = TestApp::with_contract_data().await;
    for statement in [
        "UPDATE person SET gender_concept_id = 999 WHERE person_id = 1",
        "UPDATE observation SET observation_concept_id = 999 WHERE observation_concept_id = 133",
        "UPDATE observation SET unit_concept_id = 999 WHERE observation_concept_id = 131",
    ] {
        query(statement).execute(api.pool()).await.unwrap();
    }

    let details = seen(&api, "cfg-a03-empty").await["details"].take();

    let patient = node(&details, &["BACKGROUND", "Patient Demographics"]);
    assert_eq!(patient["values"], json!([{"key": "Age", "values": "64", "style": null}]));
    let complaints = node(&details, &["PATIENT COMPLAINT", "Chief Complaint"])["values"].as_array().unwrap();
    let names: Vec<&Value> = complaints.iter().map(|complaint| &complaint["key"]).collect();
    assert_eq!(names, ["Cough", "Fever", "Cough"]);
}

#[tokio::test]
async fn a_review_is_one_round_trip() {
    let db = TestDb::with_contract_data().await;
    let round_trips = RoundTrips::before(&db.url()).await;
    let api = TestApp::configured(db, &[("DATABASE_URL", round_trips.url()), ("DATABASE_MAX_CONNECTIONS", "1")]).await;
    seen(&api, "cfg-a05-top-order").await; // connects, prepares the statement, and records the exposure
    round_trips.take();

    seen(&api, "cfg-a05-top-order").await;

    assert_eq!(round_trips.take(), 1);
}

#[tokio::test]
async fn a_review_scans_only_the_configuration_table() {
    let db = TestDb::with_study_data().await;

    let scanned = sequential_scans(&db.pool, STATEMENT, &["p7@study.test", "study-7-3", "{}", "2026-03-02"]).await;

    assert_eq!(scanned.into_iter().collect::<Vec<_>>(), ["system_config"]);
}

#[tokio::test]
async fn a_review_of_a_large_study_is_complete() {
    let api = TestApp::over(TestDb::with_study_data().await).await;

    let case = review(&api, "p7@study.test", "study-7-3").await.data();

    let details = &case["details"];
    assert_eq!(node(details, &["BACKGROUND", "History"])["values"], json!(["Finding 1"]));
    assert_eq!(node(details, &["PATIENT COMPLAINT", "Chief Complaint"])["values"].as_array().unwrap().len(), 5);
    assert_eq!(node(details, &["PHYSICAL EXAMINATION", "Concept 100"])["values"].as_array().unwrap().len(), 5);
    assert_eq!(node(details, &["PHYSICAL EXAMINATION", "Concept 110"])["values"], "36.60 Concept 31");
}
