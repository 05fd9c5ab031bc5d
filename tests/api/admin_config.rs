use axum::body::Body;
use http::{Method, Request, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use shared::db::{Database, Deployment};
use shared::{App, Config};
use tests::app::{API_KEY, Answer, TestApp, environment};
use tower::ServiceExt as _;

const HEADER: &str = "User,Case No.,Path,Collapse,Highlight,Top";
const REPLACE: &str = "/admin/config/upload";
const UPSERT: &str = "/api/admin/config/upload";
const PREVIEW: &str = "/api/admin/config/upload/preview";

/// A form with a file `config.csv` and further texts.
fn form(path: &str, csv: &str, texts: &[(&str, &str)]) -> Request<Body> {
    let text = |(name, text): &(&str, &str)| {
        format!("--bound\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
    };
    let file = "--bound\r\nContent-Disposition: form-data; name=\"file\"; filename=\"config.csv\"\r\n\r\n";
    let body = format!("{}{file}{csv}\r\n--bound--\r\n", texts.iter().map(text).collect::<String>());
    let request = Request::post(path).header(header::CONTENT_TYPE, "multipart/form-data; boundary=bound");
    request.body(Body::from(body)).expect("a valid request")
}

async fn send(api: &TestApp, mut form: Request<Body>) -> Answer {
    form.headers_mut().insert("x-api-key", API_KEY.parse().expect("a valid header"));
    api.send(form).await
}

async fn upload(api: &TestApp, path: &str, rows: &str) -> Answer {
    send(api, form(path, &format!("{HEADER}\n{rows}"), &[])).await
}

/// `id user-case` in the order in which participants get them.
async fn stored(api: &TestApp) -> Vec<(String, String)> {
    let stored = "SELECT id, concat(user_email, '-', case_id) FROM display_config ORDER BY upload_order";
    sqlx::query_as(stored).fetch_all(api.pool()).await.expect("assignments can be read")
}

async fn keys(api: &TestApp) -> Vec<String> {
    stored(api).await.into_iter().map(|(_, key)| key).collect()
}

async fn path_config(api: &TestApp, key: &str) -> Value {
    sqlx::query_scalar("SELECT path_config FROM display_config WHERE user_email || '-' || case_id = $1")
        .bind(key)
        .fetch_one(api.pool())
        .await
        .expect("the assignment is stored")
}

#[tokio::test]
async fn an_upload_replaces_every_assignment_in_its_own_order() {
    let api = TestApp::with_contract_data().await;

    let rows = "z@x.org,3,A.B,,,\na@x.org,1,A.B,,,\nz@x.org,1,A.B,,,\nz@x.org,3,A.C,,,\na@x.org,2,A.B,,,\n";
    let answer = upload(&api, REPLACE, rows).await;

    assert_eq!(answer.data()[0], json!({"user_case_key": "z@x.org-3", "status": "added"}));
    assert_eq!(keys(&api).await, ["z@x.org-3", "a@x.org-1", "z@x.org-1", "a@x.org-2"]);
    assert_eq!(path_config(&api, "z@x.org-3").await, json!([{"path": "A.B"}, {"path": "A.C"}]));
}

#[tokio::test]
async fn participants_get_their_cases_in_the_order_of_the_upload() {
    let api = TestApp::with_contract_data().await;
    upload(&api, REPLACE, "bob@contract.test,3,A.B,,,\nbob@contract.test,1,A.B,,,\nbob@contract.test,2,A.B,,,\n").await;

    let next = api.get("/api/cases", Some(&api.token_for("bob@contract.test"))).await.data();

    assert_eq!(next[0]["case_id"], 3);
}

#[tokio::test]
async fn ids_are_those_of_the_old_system() {
    let api = TestApp::with_contract_data().await;

    upload(&api, REPLACE, "alice@contract.test,1,A.B,,,\nünï@contract.test,9,Ünï.糖尿病: 是 😀,,,\n").await;

    let ids: Vec<String> = stored(&api).await.into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, ["b6e4dfdd7b075dc2afc9f8bece7d8d1d", "e0156460e5c553888594eb5146f78fec"]);
}

#[tokio::test]
async fn a_file_from_a_spreadsheet_is_fine() {
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
async fn an_empty_file_does_not_delete_the_assignments() {
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
async fn the_frontend_shows_what_is_wrong_with_a_file() {
    let api = TestApp::with_contract_data().await;

    for (file, message) in [
        ("User;Case No.;Path\na@b.c;1;A.B\n", "row 1: the columns are separated by semicolons"),
        ("User,Case No.,Path\na@b.c,1,A.B\na@b.c,one,A.B\n", "row 3: Case No. is not an integer"),
        ("User,Case No.\na@b.c,1\n", "row 1: the header has no column Path"),
    ] {
        for path in [UPSERT, PREVIEW] {
            let answer = send(&api, form(path, file, &[])).await;
            assert_eq!(answer.status, 500, "the page reads no message of a 4xx");
            assert!(answer.error_message().contains(message), "{}", answer.error_message());
        }
    }
}

#[tokio::test]
async fn a_form_without_a_file_says_so() {
    let api = TestApp::with_contract_data().await;
    let body = json!({"file": "x"});

    let page = api.send_with_key(Method::POST, UPSERT, &body).await;
    let script = api.send_with_key(Method::POST, REPLACE, &body).await;

    assert_eq!((page.status.as_u16(), page.error_code()), (500, json!("1008")));
    assert_eq!((script.status.as_u16(), script.error_code()), (400, json!(400)));
}

#[tokio::test]
async fn an_upsert_keeps_the_others_and_the_identity_of_what_it_updates() {
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
async fn a_text_of_the_form_wins_over_the_column() {
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
async fn a_preview_shows_the_assignments_and_stores_nothing() {
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
async fn a_preview_warns_of_what_a_typo_hides() {
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
async fn uploads_at_once_leave_the_assignments_of_one() {
    let api = TestApp::with_contract_data().await;
    let row = |user: usize, case: usize| format!("u{user}@x.org,{case},A.B,,,\n");
    let files: Vec<String> = (0..4).map(|user| (0..50).map(|case| row(user, case)).collect()).collect();

    let answers = futures_util::future::join_all(files.iter().map(|rows| upload(&api, REPLACE, rows))).await;

    assert!(answers.iter().all(|answer| answer.status == 200));
    let keys = keys(&api).await;
    assert_eq!(keys.len(), 50);
    assert!(keys.iter().all(|key| key.split('-').next() == keys[0].split('-').next()));
}

#[tokio::test]
async fn upserts_of_the_same_file_at_once_create_it_once() {
    let api = TestApp::with_contract_data().await;

    let uploads = (0..4).map(|_| upload(&api, UPSERT, "a@x.org,1,A.B,,,\na@x.org,2,A.B,,,\n"));
    let answers = futures_util::future::join_all(uploads).await;

    let created: u64 = answers.iter().map(|answer| answer.data()["summary"]["created"].as_u64().unwrap()).sum();
    assert_eq!(created, 2);
}

/// 500 cases for each reader, in an order of their own.
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

/// Without the deadlines of requests and statements, which are for release builds on machines that do nothing else.
#[tokio::test]
async fn a_hundred_thousand_assignments_are_stored_in_their_order() {
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
async fn assignments_are_for_administrators() {
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

async fn publish(api: &TestApp, body: &Value) -> Answer {
    api.send_with_key(Method::POST, "/admin/config/answer", body).await
}

#[tokio::test]
async fn a_questionnaire_comes_back_as_it_was_sent() {
    let api = TestApp::with_contract_data().await;
    let text = r#"[ {"type":"Text", "title":"名前 😀", "x":{"z":1.0, "big":12345678901234567890123, "a":[]}} ]"#;
    let mut request = Request::post("/admin/config/answer").header("x-api-key", API_KEY);
    request = request.header(header::CONTENT_TYPE, "application/json");

    let id = api.send(request.body(Body::from(text)).unwrap()).await.data()["id"].take();
    let newest = api.get("/api/config/answer", None).await;

    assert_eq!(newest.data()["id"], id);
    assert!(String::from_utf8_lossy(&newest.body).contains(text));
}

#[tokio::test]
async fn the_documented_wrapper_is_unwrapped() {
    let api = TestApp::with_contract_data().await;
    let questions = json!([{"type": "Text", "title": "t"}]);

    let answer = publish(&api, &json!({ "config": questions })).await;

    assert_eq!(answer.status, 200);
    assert_eq!(api.get("/api/config/answer", None).await.data()["config"], questions);
}

#[tokio::test]
async fn a_question_that_cannot_be_shown_is_named_and_nothing_is_stored() {
    let api = TestApp::with_contract_data().await;
    let before = api.get("/api/config/answer", None).await.data();

    let questions = json!([{"type": "Text", "title": "t"}, {"type": "SingleChoice", "title": "t", "options": ["a"]}]);
    for body in [questions.clone(), json!({ "config": questions })] {
        let error = publish(&api, &body).await.json()["error"].take();
        let message = "Invalid answer config. Error:Choice question must contain at least 2 options.";
        assert_eq!(error, json!({"code": "1020", "message": message, "detail": "question 2"}));
    }
    assert_eq!(api.get("/api/config/answer", None).await.data(), before);
}

#[tokio::test]
async fn questionnaires_are_for_administrators() {
    let api = TestApp::with_contract_data().await;
    let [participant, administrator] = ["alice", "admin"].map(|name| api.token_for(&format!("{name}@contract.test")));
    let body = json!([{"type": "Text", "title": "t"}]);

    for (token, status) in [(None, 401), (Some(&*participant), 403), (Some(&*administrator), 200)] {
        assert_eq!(api.post("/admin/config/answer", token, &body).await.status, status);
    }
}
