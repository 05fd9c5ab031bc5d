use http::Method;
use serde_json::json;
use tests::app::TestApp;

use super::{PREVIEW, REPLACE, UPSERT, form, keys, path_config, send, stored, upload};

#[tokio::test]
async fn an_invalid_file_gets_an_error_that_the_frontend_shows() {
    let api = TestApp::with_contract_data().await;

    for (file, message) in [
        ("User;Case No.;Path\na@b.c;1;A.B\n", "row 1: the columns are separated by semicolons"),
        ("User,Case No.,Path\na@b.c,1,A.B\na@b.c,one,A.B\n", "row 3: Case No. is not an integer"),
        ("User,Case No.\na@b.c,1\n", "row 1: the header has no column Path"),
    ] {
        for path in [UPSERT, PREVIEW] {
            let answer = send(&api, form(path, file, &[])).await;
            assert_eq!(answer.status, 500, "the page does not show the message of a 4xx");
            assert!(answer.error_message().contains(message), "{}", answer.error_message());
        }
    }
}

#[tokio::test]
async fn a_form_without_a_file_is_refused_with_the_reason() {
    let api = TestApp::with_contract_data().await;
    let body = json!({"file": "x"});

    let page = api.send_with_key(Method::POST, UPSERT, &body).await;
    let script = api.send_with_key(Method::POST, REPLACE, &body).await;

    assert_eq!((page.status.as_u16(), page.error_code()), (500, json!("1008")));
    assert_eq!((script.status.as_u16(), script.error_code()), (400, json!(400)));
}

#[tokio::test]
async fn an_upsert_keeps_other_assignments_and_the_ids_of_updated_ones() {
    let api = TestApp::with_contract_data().await;
    upload(&api, REPLACE, "a@x.org,1,A.B,,,\nb@x.org,1,A.B,,,\n").await;
    let before = stored(&api).await;

    let answer = upload(&api, UPSERT, "c@x.org,2,A.C,,,\na@x.org,1,A.C,,,1\n").await;

    let results = json!([{"user_email": "c@x.org", "case_id": 2, "status": "created"},
                         {"user_email": "a@x.org", "case_id": 1, "status": "updated"}]);
    assert_eq!(answer.data(), json!({"results": results, "summary": {"total": 2, "created": 1, "updated": 1}}));
    assert_eq!(stored(&api).await[..2], before[..]);
    assert_eq!(keys(&api).await[2..], ["c@x.org-2"]);
    assert_eq!(path_config(&api, "a@x.org-1").await, json!([{"path": "A.C", "style": {"top": 1.0}}]));
}

#[tokio::test]
async fn a_form_field_overrides_the_column() {
    let api = TestApp::with_contract_data().await;
    let file = "User,Case No.,Path,Experiment,Arm,Policy\na@x.org,1,A.B,exp-1,control,p1\nb@x.org,1,A.B,,,\n";

    send(&api, form(UPSERT, file, &[("arm", " ai "), ("policy_id", "")])).await;

    let labels =
        "SELECT experiment_id, arm, policy_id FROM display_config WHERE user_email LIKE '%@x.org' ORDER BY user_email";
    let labels: Vec<(Option<String>, Option<String>, Option<String>)> =
        sqlx::query_as(labels).fetch_all(api.pool()).await.unwrap();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(labels, [(some("exp-1"), some("ai"), some("p1")), (None, some("ai"), None)]);
}

#[tokio::test]
async fn labels_of_the_form_have_at_most_100_characters() {
    let api = TestApp::with_contract_data().await;
    let names = ["experiment_id", "arm", "policy_id"];
    let (longest, too_long) = ("é".repeat(100), "é".repeat(101));

    for name in names {
        let refused = send(&api, form(UPSERT, "User,Case No.,Path\na@x.org,1,A.B\n", &[(name, &too_long)])).await;
        let message = refused.error_message();
        assert!(message.contains(name) && message.contains("100 characters"), "{message}");
    }
    let labels = names.map(|name| (name, longest.as_str()));
    send(&api, form(UPSERT, "User,Case No.,Path\na@x.org,1,A.B\n", &labels)).await;

    let stored: Vec<(String, String, String)> =
        sqlx::query_as("SELECT experiment_id, arm, policy_id FROM display_config WHERE user_email = 'a@x.org'")
            .fetch_all(api.pool())
            .await
            .unwrap();
    assert_eq!(stored, [(longest.clone(), longest.clone(), longest)]);
}

#[tokio::test]
async fn a_preview_returns_the_assignments_and_stores_nothing() {
    let api = TestApp::with_contract_data().await;
    let before = stored(&api).await;

    let file = "User,Case No.,Path,Arm\nbob@contract.test,2,RISK ASSESSMENT.Colorectal Cancer Score: 9,ai\n";
    let preview = send(&api, form(PREVIEW, file, &[("policy_id", "p1")])).await.data();

    let config = json!({"user_email": "bob@contract.test", "case_id": 2, "experiment_id": null, "arm": "ai", "policy_id": "p1",
                        "path_config": [{"path": "RISK ASSESSMENT.Colorectal Cancer Score: 9"}]});
    let expected =
        json!({"configs": [config], "total": 1, "users": ["bob@contract.test"], "cases": [2], "warnings": []});
    assert_eq!(preview, expected);
    assert_eq!(stored(&api).await, before);
}

#[tokio::test]
async fn a_preview_warns_of_possible_typos() {
    let api = TestApp::with_contract_data().await;

    let rows = [
        "alice@contract.test,1,BACKGROUND.Family History.Cancer: Yes,,,",
        "alice@contract.test,1,BACKGROUND.Famly History.Cancer: Yes,,,",
        "Alice@contract.test,1,BACKGROUND.Family History.Cancer: Yes,,,",
        "nobody@contract.test,1,BACKGROUND.Family History.Cancer: Yes,,,",
        "bob@contract.test,999,BACKGROUND.Family History.Cancer: Yes,,,",
        "bob@contract.test,1,BACKGROUND.Family History.Diabetes: No,maybe,,",
    ];
    let preview = upload(&api, PREVIEW, &rows.join("\n")).await.data();

    let warnings = [
        "row 3: BACKGROUND.Famly History.Cancer: Yes names nothing in case 1",
        "row 4: there is no account Alice@contract.test, but alice@contract.test",
        "row 5: there is no account nobody@contract.test",
        "row 6: case 999 has no visit",
        "row 7: Collapse is neither TRUE nor FALSE and counts as FALSE",
    ];
    assert_eq!(preview["warnings"], json!(warnings));
    assert_eq!(preview["total"], 5);
}

#[tokio::test]
async fn a_preview_warns_if_no_case_can_be_shown() {
    let api = TestApp::with_contract_data().await;
    sqlx::query("DELETE FROM system_config WHERE id = 'page_config'").execute(api.pool()).await.unwrap();

    let preview = upload(&api, PREVIEW, "alice@contract.test,1,A.B,,,").await.data();

    assert_eq!(preview["warnings"], json!(["row 1: there is no page configuration: no case can be shown"]));
}

#[tokio::test]
async fn a_preview_checks_at_most_two_thousand_cases() {
    let api = TestApp::with_contract_data().await;
    let rows: Vec<_> = (0..2002).map(|row| format!("alice@contract.test,{},A.B,,,", 100_000 + row)).collect();

    let preview = upload(&api, PREVIEW, &rows.join("\n")).await.data();

    // one for each case that was checked, and one for the first case that was not
    assert_eq!(preview["warnings"][1000], "and 1001 more");
}

#[tokio::test]
async fn a_preview_has_at_most_a_thousand_warnings() {
    let api = TestApp::with_contract_data().await;
    let rows: Vec<_> = (0..1002).map(|row| format!("alice@contract.test,1,NOTHING.Row {row},,,")).collect();

    let preview = upload(&api, PREVIEW, &rows.join("\n")).await.data();

    let warnings = preview["warnings"].as_array().unwrap();
    assert_eq!((warnings.len(), &warnings[1000]), (1001, &json!("and 2 more")));
    let preview = upload(&api, PREVIEW, &rows[..1000].join("\n")).await.data();
    assert_eq!(preview["warnings"].as_array().unwrap().len(), 1000);
}

#[tokio::test]
async fn concurrent_upserts_of_a_file_create_its_assignments_once() {
    let api = TestApp::with_contract_data().await;

    let uploads = (0..4).map(|_| upload(&api, UPSERT, "a@x.org,1,A.B,,,\na@x.org,2,A.B,,,\n"));
    let answers = futures_util::future::join_all(uploads).await;

    let created: u64 = answers.iter().map(|answer| answer.data()["summary"]["created"].as_u64().unwrap()).sum();
    assert_eq!(created, 2);
}
