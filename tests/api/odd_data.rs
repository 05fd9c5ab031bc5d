//! Odd data never is a fault: what can be shown is shown, what is missing is left out (contract, section 9).

use serde_json::{Value, json};
use sqlx::raw_sql;
use tests::app::{Answer, TestApp};

const ALICE: &str = "alice@contract.test";
const ALICES: &str = "cfg-a03-empty";
/// Whose next answer is the tenth.
const ZOE: &str = "zoe@contract.test";

/// What nobody expects at any place of a configuration; PostgreSQL's `json` takes all of it.
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

/// Whether an alarm would count it: business errors are 500, too, but have a code that is a text.
fn is_fault(answer: &Answer) -> bool {
    answer.status.is_server_error() && !answer.error_code().is_string()
}

async fn execute(api: &TestApp, statement: &str) {
    raw_sql(statement).execute(api.pool()).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
}

async fn store(api: &TestApp, statement: &str, json: &str) {
    sqlx::query(statement).bind(json).execute(api.pool()).await.unwrap();
}

async fn configure_page(api: &TestApp, page_config: &str) {
    store(api, "UPDATE system_config SET json_config = $1::text::json WHERE id = 'page_config'", page_config).await;
}

async fn configure_paths(api: &TestApp, path_config: &str) {
    store(api, "UPDATE display_config SET path_config = $1::text::json", path_config).await;
}

async fn review(api: &TestApp) -> Answer {
    api.get(&format!("/api/case-reviews/{ALICES}"), Some(&api.token_for(ALICE))).await
}

/// Everything a participant reads.
async fn read_all(api: &TestApp) -> [Answer; 4] {
    let get = async |path, email| api.get(path, Some(&api.token_for(email))).await;
    [
        review(api).await,
        get("/api/cases", ALICE).await,
        get("/api/config/answer", ALICE).await,
        get("/api/config/answer", ZOE).await,
    ]
}

#[tokio::test]
async fn an_odd_page_configuration_is_never_a_fault() {
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
async fn what_stands_beside_something_odd_is_shown() {
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
async fn odd_paths_are_never_a_fault() {
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
async fn an_entry_beside_something_odd_counts() {
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
async fn odd_clinical_data_is_never_a_fault() {
    const NOTHING: &str =
        "value_as_number = NULL, value_as_concept_id = NULL, unit_concept_id = NULL, unit_source_value = NULL";
    let nothing_observed =
        format!("UPDATE observation SET value_as_string = NULL, qualifier_concept_id = NULL, {NOTHING}");
    let nothing_measured = format!("UPDATE measurement SET operator_concept_id = NULL, {NOTHING}");
    let numbers = ["NaN", "Infinity", "-Infinity", "1e-40", "1e1000", "-0.0"].map(|number| {
        format!(
            "UPDATE observation SET value_as_string = NULL, value_as_number = '{number}';
             UPDATE measurement SET value_as_number = '{number}', measurement_concept_id =
                 CASE WHEN measurement_id % 2 = 0 THEN 40490382 ELSE measurement_concept_id END"
        )
    });
    let dates = ["infinity", "-infinity", "0001-01-01 BC", "4713-01-01 BC", "5874897-12-31"]
        .map(|date| format!("UPDATE visit_occurrence SET visit_start_date = '{date}', visit_end_date = '{date}'"));
    let others = [
        "UPDATE person SET year_of_birth = -2147483648",
        "UPDATE person SET year_of_birth = 2147483647, gender_concept_id = -1",
        "ALTER TABLE person ALTER year_of_birth DROP NOT NULL; UPDATE person SET year_of_birth = NULL",
        "UPDATE person SET person_source_value = NULL",
        "UPDATE person SET person_source_value = E'\\u0001\\t\"\\\\ \\u2028 😀'",
        "UPDATE concept SET concept_name = ''",
        "UPDATE concept SET concept_name = E'\\u0001\\t\"\\\\ \\u2028 😀\\u007f.'",
        "UPDATE concept SET concept_name = repeat('é', 255)",
        "UPDATE observation SET observation_concept_id = -1, observation_type_concept_id = 2147483647",
        "UPDATE observation SET value_as_string = E'\\u0001\\u2028 😀'",
        "UPDATE measurement SET measurement_concept_id = 0, operator_concept_id = -2147483648",
        "TRUNCATE concept CASCADE",
    ];
    let all = [nothing_observed, nothing_measured].into_iter().chain(numbers).chain(dates);

    for statement in all.chain(others.map(str::to_owned)) {
        let api = TestApp::with_contract_data().await;
        execute(&api, &statement).await;
        // truncating concepts takes with it what refers to them
        let is_gone = statement.starts_with("TRUNCATE");
        for answer in read_all(&api).await {
            let is_read = answer.status == 200 || (is_gone && !is_fault(&answer));
            assert!(is_read && !answer.json().is_null(), "{statement}: {:?}", answer.body);
        }
    }
}

#[tokio::test]
async fn a_visit_at_no_date_is_a_case_without_an_age() {
    let api = TestApp::with_contract_data().await;
    execute(&api, "UPDATE visit_occurrence SET visit_start_date = 'infinity', visit_end_date = 'infinity'").await;

    let details = review(&api).await.data()["details"].take();
    let next = api.get("/api/cases", Some(&api.token_for(ALICE))).await.data();

    assert_eq!(details[0]["values"][0]["values"][0]["key"], "Gender");
    assert_eq!(next[0]["age"], "");
}

#[tokio::test]
async fn a_visit_at_no_date_is_exported_without_one() {
    let api = TestApp::with_contract_data().await;

    for date in ["infinity", "-infinity", "0001-01-01 BC", "5874897-12-31"] {
        execute(&api, &format!("UPDATE visit_occurrence SET visit_start_date = '{date}'")).await;
        for resource in ["answers", "display-configs"] {
            let answer = api.get_with_key(&format!("/api/v1/export/{resource}?format=json")).await;
            let rows = answer.data();
            assert!(rows.as_array().is_some_and(|rows| !rows.is_empty()), "{resource} {date}: {:?}", answer.body);
            assert!(rows[0]["visit_start_date"].is_null(), "{resource} {date}: {}", rows[0]);
        }
    }
}

#[tokio::test]
async fn a_time_that_no_calendar_has_is_exported_as_none() {
    let api = TestApp::with_contract_data().await;

    for time in ["infinity", "-infinity", "0001-01-01 BC", "20000-01-01"] {
        for (table, column, resource, exported) in [
            ("answer", "created_timestamp", "answers", "answer_created_at"),
            ("analytics", "case_open_time", "answers", "case_open_time"),
            ("analytics", "answer_submit_time", "analytics", "answer_submit_time"),
            ("analytics", "created_timestamp", "analytics", "analytics_created_at"),
            (r#""user""#, "created_timestamp", "participants", "user_created_at"),
        ] {
            execute(&api, &format!("UPDATE {table} SET {column} = '{time}'")).await;
            let answer = api.get_with_key(&format!("/api/v1/export/{resource}")).await;
            let rows = answer.data();
            assert!(rows.as_array().is_some_and(|rows| !rows.is_empty()), "{resource} {time}: {:?}", answer.body);
            assert!(rows[0][exported].is_null(), "{resource} {time}: {}", rows[0]);
        }
    }
}

#[tokio::test]
async fn a_cursor_leads_past_answers_of_a_time_that_no_calendar_has() {
    let api = TestApp::with_contract_data().await;
    execute(&api, "UPDATE answer SET created_timestamp = 'infinity' WHERE id % 2 = 0").await;
    execute(&api, "UPDATE answer SET created_timestamp = '0044-03-15 BC' WHERE id % 3 = 0").await;
    let whole = api.get_with_key("/api/v1/export/answers").await.data();

    let (mut rows, mut cursor) = (vec![], Some(String::new()));
    while let Some(behind) = cursor {
        let page = api.get_with_key(&format!("/api/v1/export/answers?limit=1&cursor={behind}")).await.json();
        rows.extend(page["data"].as_array().unwrap().clone());
        cursor = page["pagination"]["next_cursor"].as_str().map(str::to_owned);
    }

    assert_eq!(json!(rows), whole);
}

#[tokio::test]
async fn an_odd_questionnaire_is_never_a_fault() {
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
async fn a_list_is_no_body() {
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
