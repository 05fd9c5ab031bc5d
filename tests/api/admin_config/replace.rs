use http::header;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use shared::db::{Database, Deployment};
use shared::{App, Config};
use tests::app::{API_KEY, TestApp, environment};
use tower::ServiceExt as _;

use super::{HEADER, PREVIEW, REPLACE, UPSERT, form, keys, path_config, send, stored, upload};

#[tokio::test]
async fn an_upload_replaces_all_assignments_and_keeps_its_order() {
    let api = TestApp::with_contract_data().await;

    let rows = "z@x.org,3,A.B,,,\na@x.org,1,A.B,,,\nz@x.org,1,A.B,,,\nz@x.org,3,A.C,,,\na@x.org,2,A.B,,,\n";
    let answer = upload(&api, REPLACE, rows).await;

    assert_eq!(answer.data()[0], json!({"user_case_key": "z@x.org-3", "status": "added"}));
    assert_eq!(keys(&api).await, ["z@x.org-3", "a@x.org-1", "z@x.org-1", "a@x.org-2"]);
    assert_eq!(path_config(&api, "z@x.org-3").await, json!([{"path": "A.B"}, {"path": "A.C"}]));
}

#[tokio::test]
async fn participants_get_their_cases_in_upload_order() {
    let api = TestApp::with_contract_data().await;
    upload(&api, REPLACE, "bob@contract.test,3,A.B,,,\nbob@contract.test,1,A.B,,,\nbob@contract.test,2,A.B,,,\n").await;

    let next = api.get("/api/cases", Some(&api.token_for("bob@contract.test"))).await.data();

    assert_eq!(next[0]["case_id"], 3);
}

#[tokio::test]
async fn ids_equal_those_of_the_old_system() {
    let api = TestApp::with_contract_data().await;

    upload(&api, REPLACE, "alice@contract.test,1,A.B,,,\nünï@contract.test,9,Ünï.糖尿病: 是 😀,,,\n").await;

    let ids: Vec<String> = stored(&api).await.into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, ["b6e4dfdd7b075dc2afc9f8bece7d8d1d", "e0156460e5c553888594eb5146f78fec"]);
}

#[tokio::test]
async fn a_file_from_a_spreadsheet_is_accepted() {
    let api = TestApp::with_contract_data().await;

    let file = format!("\u{feff}{HEADER}\r\nalice@contract.test,1,\"A.B, C\",TRUE,,\r\n");
    let answer = send(&api, form(REPLACE, &file, &[])).await;

    assert_eq!(answer.status, 200);
    let expected = json!([{"path": "A.B, C", "style": {"collapse": true}}]);
    assert_eq!(path_config(&api, "alice@contract.test-1").await, expected);
}

#[tokio::test]
async fn a_failed_upload_changes_nothing_and_names_the_row() {
    let api = TestApp::with_contract_data().await;
    let before = stored(&api).await;

    for (row, code, detail) in [
        (",1,A.B,,,", "1011", "row 3: User is empty"),
        ("a@b.c,1.5,A.B,,,", "1012", "row 3: Case No. is not an integer, or out of range"),
        ("a@b.c,99999999999,A.B,,,", "1012", "row 3: Case No. is not an integer, or out of range"),
        ("a@b.c,1,A.B,,,first", "1006", "row 3: Top is not a number"),
        ("a@b.c,1", "1006", "row 3: there are 2 cells where the header has 6; is a quote not closed?"),
        ("a@b.c,1,A.\u{0},,,", "1006", "row 3: the NUL character is not allowed; is the file UTF-16?"),
        (
            "alice@contract.test-,-1,A.B,,,\nalice@contract.test--,1,A.B,,,",
            "1006",
            "row 4: two assignments have the same id",
        ),
    ] {
        let answer = upload(&api, REPLACE, &format!("alice@contract.test,1,A.B,,,\n{row}\n")).await;
        let error = answer.json()["error"].take();
        assert_eq!((answer.status.as_u16(), &error["code"], &error["detail"]), (400, &json!(code), &json!(detail)));
    }
    assert_eq!(stored(&api).await, before);
}

#[tokio::test]
async fn an_empty_file_deletes_no_assignments() {
    let api = TestApp::with_contract_data().await;
    let before = stored(&api).await;

    for file in ["", "\n", HEADER, "User,Case No.,Path\na@b.c,1,\n"] {
        for path in [REPLACE, UPSERT, PREVIEW] {
            assert!(send(&api, form(path, file, &[])).await.error_code().is_string(), "{path} {file:?}");
        }
    }
    assert_eq!(stored(&api).await, before);
}

#[tokio::test]
async fn concurrent_uploads_leave_the_assignments_of_one() {
    let api = TestApp::with_contract_data().await;
    let row = |user: usize, case: usize| format!("u{user}@x.org,{case},A.B,,,\n");
    let files: Vec<String> = (0..4).map(|user| (0..50).map(|case| row(user, case)).collect()).collect();

    let answers = futures_util::future::join_all(files.iter().map(|rows| upload(&api, REPLACE, rows))).await;

    assert!(answers.iter().all(|answer| answer.status == 200));
    let keys = keys(&api).await;
    assert_eq!(keys.len(), 50);
    assert!(keys.iter().all(|key| key.split('-').next() == keys[0].split('-').next()));
}

/// Returns rows with 500 cases for each reader, in an order that is not sorted.
fn rows(count: usize) -> String {
    let row = |n: usize| {
        format!("r{}@x.org,{},BACKGROUND.Medical History.Finding {n}: Yes,TRUE,FALSE,\n", n / 500, n * 7 % 500)
    };
    (0..count).map(row).collect()
}

#[tokio::test]
async fn a_file_of_more_than_a_megabyte_is_stored() {
    let api = TestApp::with_contract_data().await;
    let long = "x".repeat(1000);

    let rows: Vec<_> = (0..1200).map(|case| format!("a@x.org,{case},A.{long},,,\n")).collect();
    let answer = upload(&api, REPLACE, &rows.concat()).await;

    assert_eq!(answer.data().as_array().unwrap().len(), 1200);
    assert_eq!(keys(&api).await.len(), 1200);
}

/// Uploads without the deadlines of requests and statements, which debug builds on a busy machine would miss.
#[tokio::test]
#[ignore = "in just slow"]
async fn a_hundred_thousand_assignments_are_stored_in_order() {
    let api = TestApp::with_contract_data().await;
    let address = api.pool().connect_options().as_ref().clone().into();
    let config = Config::from_environment(&environment(&api.db.url())).unwrap();
    let app = App::over(Database::new(address, Deployment::Container { max_connections: 1 }), &config);
    let mut upload = form(REPLACE, &format!("{HEADER}\n{}", rows(100_000)), &[]);
    upload.headers_mut().insert("x-api-key", API_KEY.parse().unwrap());

    let answer = admin_config::router().with_state(app).oneshot(upload).await.unwrap();

    assert_eq!(answer.status(), 200);
    let answer: Value = serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap();
    let answered = answer["data"].as_array().unwrap().iter().map(|one| one["user_case_key"].as_str().unwrap());
    assert_eq!(answered.collect::<Vec<_>>(), keys(&api).await);
    assert_eq!(answer["data"][99_999]["user_case_key"], "r199@x.org-493");
}

#[tokio::test]
async fn only_administrators_upload_assignments() {
    let api = TestApp::with_contract_data().await;
    let before = stored(&api).await;
    let with_token = |path, token: Option<&str>| {
        let mut form = form(path, "User,Case No.,Path\nalice@contract.test,1,A.B\n", &[]);
        if let Some(token) = token {
            form.headers_mut().insert(header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
        }
        api.send(form)
    };
    let [participant, administrator] = ["alice", "admin"].map(|name| api.token_for(&format!("{name}@contract.test")));

    for path in [REPLACE, UPSERT, PREVIEW] {
        assert_eq!(with_token(path, None).await.status, 401, "{path}");
        assert_eq!(with_token(path, Some(&participant)).await.status, 403, "{path}");
    }
    assert_eq!(stored(&api).await, before);
    assert_eq!(with_token(PREVIEW, Some(&administrator)).await.status, 200);
}
