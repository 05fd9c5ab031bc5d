use serde_json::{Value, json};
use tests::app::TestApp;
use tests::logs::Logs;

use super::{ALICE, ALICES, ZOE, execute, read_all, review, store};

/// Returns values that are unexpected anywhere in a configuration, but that PostgreSQL's `json` accepts.
fn odd_values() -> Vec<String> {
    let texts = [
        "null",
        "true",
        "-1",
        "2.5",
        "1e999",
        "-1e999",
        "99999999999999999999",
        "121",
        r#""""#,
        r#""121""#,
        r#""\u0000""#,
        r#""\ud800""#,
        "[]",
        "[[121]]",
        "[null]",
        r#"["\u0000", 1e999, 121]"#,
        "{}",
        r#"{"": {}}"#,
        r#"{"\u0000": 1, "\udfff\ud800": [121]}"#,
    ];
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(2000), close.repeat(2000));
    texts.iter().map(|&text| text.to_owned()).chain([deep("[", "]"), deep(r#"{"a":"#, "}")]).collect()
}

async fn configure_page(api: &TestApp, page_config: &str) {
    store(api, "UPDATE system_config SET json_config = $1::text::json WHERE id = 'page_config'", page_config).await;
}

async fn configure_paths(api: &TestApp, path_config: &str) {
    store(api, "UPDATE display_config SET path_config = $1::text::json", path_config).await;
}

#[tokio::test]
async fn values_that_are_not_concepts_are_logged() {
    let api = TestApp::with_contract_data().await;
    let logs = Logs::of_this_thread();

    for (concepts, warnings) in [("[111, 121]", 0), (r#"[111, "x"]"#, 1)] {
        configure_page(&api, &format!(r#"{{"PATIENT COMPLAINT": {{"Chief Complaint": {concepts}}}}}"#)).await;
        assert_eq!(review(&api).await.status, 200);
        assert_eq!(logs.lines("page_config: skipped values that are not concept ids").len(), warnings, "{concepts}");
    }
}

#[tokio::test]
async fn an_odd_page_configuration_causes_no_server_error() {
    let api = TestApp::with_contract_data().await;

    for place in [
        "ODD",
        r#"{"BACKGROUND": ODD, "PATIENT COMPLAINT": ODD, "PHYSICAL EXAMINATION": ODD}"#,
        r#"{"BACKGROUND": {"a": ODD}, "PATIENT COMPLAINT": {"Chief Complaint": ODD}, "PHYSICAL EXAMINATION": {"a": ODD}}"#,
        r#"{"BACKGROUND": {"a": {"b": ODD}, "c": [121, ODD]}, "PATIENT COMPLAINT": {"Chief Complaint": [111, ODD]}}"#,
    ] {
        for odd in odd_values() {
            configure_page(&api, &place.replace("ODD", &odd)).await;
            for answer in read_all(&api).await {
                let is_read = answer.status == 200 || answer.error_code() == "1010";
                assert!(is_read && !answer.json().is_null(), "{place} {odd}: {} {:?}", answer.status, answer.body);
            }
        }
    }
}

#[tokio::test]
async fn valid_parts_of_an_odd_page_configuration_are_shown() {
    let api = TestApp::with_contract_data().await;
    let odd = r#"{"\u0000": 1e999, "\ud800": ["\ud800"],
                  "BACKGROUND": {"\ud800": 1e999, "Fam\u0000ily": [121], "Family History": ["\u0000", 121, 1e999]},
                  "PATIENT COMPLAINT": {"\ud800": [1e999], "Chief Complaint": [1e999, "\u0000", 111]}}"#;
    configure_page(&api, odd).await;

    let details = review(&api).await.data()["details"].take();
    let next = api.get("/api/cases", Some(&api.token_for(ALICE))).await.data();

    let keys = |nodes: &Value| nodes.as_array().unwrap().iter().map(|node| node["key"].clone()).collect::<Vec<_>>();
    assert_eq!(keys(&details), ["BACKGROUND", "PATIENT COMPLAINT"]);
    assert_eq!(keys(&details[0]["values"]), ["Patient Demographics", "Fam\0ily", "Family History"]);
    assert!(next[0]["patient_chief_complaint"].as_str().unwrap().starts_with("Cough, "), "{next}");
}

#[tokio::test]
async fn odd_paths_cause_no_server_error() {
    let api = TestApp::with_contract_data().await;

    for place in [
        "ODD",
        "[ODD]",
        r#"[{"path": ODD, "style": ODD}]"#,
        r#"[{"path": "BACKGROUND.Family History.Cancer: Yes", "style": {"collapse": ODD, "highlight": ODD, "top": ODD}}]"#,
        r#"[{"\ud800": ODD, "path": "BACKGROUND.Family History.\ud800"}]"#,
    ] {
        for odd in odd_values() {
            configure_paths(&api, &place.replace("ODD", &odd)).await;
            let answer = review(&api).await;
            assert!(answer.status == 200 && answer.data().is_object(), "{place} {odd}: {:?}", answer.body);
        }
    }
}

#[tokio::test]
async fn valid_entries_of_an_odd_assignment_apply() {
    let api = TestApp::with_contract_data().await;
    let entry = r#"{"\ud800": 1e999, "path": "BACKGROUND.Family History.Cancer: Yes",
                    "style": {"\u0000": "\ud800", "highlight": 1e999, "top": 1e999, "collapse": 1e999}}"#;
    configure_paths(&api, &format!(r#"[1e999, {{"path": "\ud800"}}, "\u0000", {entry}]"#)).await;

    let details = review(&api).await.data()["details"].take();

    let background = details[0]["values"].as_array().unwrap();
    let history = background.iter().find(|node| node["key"] == "Family History").unwrap();
    assert_eq!(history, &json!({"key": "Family History", "values": ["Cancer: Yes"], "style": {"collapse": false}}));
}

#[tokio::test]
async fn an_answer_to_an_odd_assignment_is_stored() {
    let api = TestApp::with_contract_data().await;
    configure_paths(&api, r#"[{"path": "\u0000\ud800"}, 1e999]"#).await;
    let questionnaire = api.get("/api/config/answer", None).await.data()["id"].take();
    let submission = json!({"answer": {"a": "b"}, "answerConfigId": questionnaire});

    let answer = api.post(&format!("/api/answer/{ALICES}"), Some(&api.token_for(ALICE)), &submission).await;

    assert_eq!(answer.status, 200, "{:?}", answer.body);
}

#[tokio::test]
async fn an_odd_questionnaire_causes_no_server_error() {
    let api = TestApp::with_contract_data().await;

    for odd in odd_values() {
        store(&api, "UPDATE answer_config SET config = $1::text::json", &odd).await;
        for email in [ALICE, ZOE] {
            let answer = api.get("/api/config/answer", Some(&api.token_for(email))).await;
            assert_eq!(answer.status, 200, "{odd}: {:?}", answer.body);
        }
    }
    for date in ["infinity", "-infinity", "0001-01-01 BC", "294276-12-31"] {
        execute(&api, &format!("UPDATE answer_config SET created_timestamp = '{date}'")).await;
        assert_eq!(api.get("/api/config/answer", None).await.data()["created_timestamp"], Value::Null, "{date}");
    }
}

#[tokio::test]
async fn a_list_as_a_body_is_refused() {
    let api = TestApp::with_contract_data().await;
    let token = api.token_for(ALICE);
    let list = json!(["alice@contract.test", "Alice-pass-1", null, null]);

    for path in [
        "/api/auth/login",
        "/api/auth/signup",
        "/api/auth/reset-password-request",
        "/api/auth/reset-password",
        "/api/analytics",
        "/api/answer/cfg-a03-empty",
    ] {
        let answer = api.post(path, Some(&token), &list).await;
        assert_eq!((answer.status.as_u16(), &*answer.error_message()), (400, "body: expected an object"), "{path}");
    }
}
