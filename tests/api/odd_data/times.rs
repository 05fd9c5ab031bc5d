use serde_json::json;
use tests::app::TestApp;

use super::execute;

#[tokio::test]
async fn a_time_outside_the_calendar_is_exported_as_null() {
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
async fn a_cursor_leads_past_answers_with_times_outside_the_calendar() {
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
