//! Texts and numbers that cannot be parsed or stored: a 400 names the field, even if it is unused, and nothing is logged as a server
//! error. `NaN` and repeated fields, which clients send, are still accepted.

use axum::body::Body;
use futures_util::future::join_all;
use http::Request;
use tests::app::{API_KEY, Answer, TestApp};
use tests::logs::Logs;

/// Routes with a text field that is stored, and the other fields of a valid body.
const ROUTES: [(&str, &str, &str); 6] = [
    ("/api/auth/login", "email", r#""password": "x""#),
    ("/api/auth/signup", "email", r#""password": "Fresh-pass-1""#),
    ("/api/auth/reset-password", "resetToken", r#""password": "Fresh-pass-1""#),
    ("/api/auth/reset-password-request", "email", r#""more": 1"#),
    ("/api/v1/experiments", "name", r#""arms": ["a"]"#),
    ("/api/v1/experiments/exp-alpha/runs", "triggered_by", r#""run_params": {}"#),
];

async fn post(api: &TestApp, path: &str, body: String) -> Answer {
    let request = Request::post(path).header("x-api-key", API_KEY).header("content-type", "application/json");
    api.send(request.body(Body::from(body)).unwrap()).await
}

fn odd_values() -> Vec<String> {
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let values = [r#""a\u0000b""#, r#""\ud800""#, r#""\udc00x""#, "1e999", "-1e999", r#"{"a": [1, "\u0000"]}"#];
    values.map(str::to_owned).into_iter().chain([deep]).collect()
}

#[tokio::test]
async fn a_value_that_cannot_be_stored_is_refused_by_the_name_of_its_field() {
    let api = TestApp::with_contract_data().await;
    let logs = Logs::of_this_thread();

    for (path, field, rest) in ROUTES {
        let requests = odd_values().into_iter().flat_map(|odd| {
            let known = (field, format!(r#"{{"{field}": {odd}, {rest}}}"#));
            let unknown = ("z", format!(r#"{{"{field}": "a", {rest}, "z": {odd}}}"#));
            // an odd value after the NUL must not hide it
            let both = (field, format!(r#"{{"{field}": "a\u0000b", {rest}, "z": {odd}}}"#));
            [known, unknown, both]
        });
        let answers = requests.map(async |(name, body)| (name, post(&api, path, body).await));
        for (name, answer) in join_all(answers).await {
            let message = answer.error_message();
            assert!(answer.status == 400 && message.starts_with(name), "{path}: {} {message}", answer.status);
        }
    }
    assert!(logs.lines("failed").is_empty(), "{}", logs.text());
}

#[tokio::test]
async fn bodies_with_nan_or_a_repeated_field_are_accepted() {
    let api = TestApp::with_contract_data().await;

    for body in [
        r#"{"email": "alice@contract.test", "password": "Alice-pass-1", "z": [NaN, -Infinity]}"#,
        r#"{"email": "x", "email": "alice@contract.test", "password": "Alice-pass-1"}"#,
    ] {
        assert_eq!(post(&api, "/api/auth/login", body.to_owned()).await.status, 200, "{body}");
    }
    let nan = r#"{"email": NaN, "password": "Alice-pass-1"}"#;
    assert!(post(&api, "/api/auth/login", nan.to_owned()).await.error_message().starts_with("email: "));
}

#[tokio::test]
async fn a_nul_in_a_query_is_refused_by_the_parameters_name() {
    let api = TestApp::with_contract_data().await;

    let answer = api.get_with_key("/api/v1/experiments?x=1&status=a%00b").await;

    assert_eq!((answer.status.as_u16(), answer.error_message().split(':').next()), (400, Some("status")));
}

#[tokio::test]
async fn a_value_that_only_the_database_refuses_is_a_400() {
    let api = TestApp::with_contract_data().await;
    let logs = Logs::of_this_thread();
    // the service does not check this limit itself
    sqlx::query("ALTER TABLE experiment ALTER COLUMN name TYPE varchar(3) USING left(name, 3)")
        .execute(api.pool())
        .await
        .unwrap();

    let answer = post(&api, "/api/v1/experiments", r#"{"name": "four", "arms": ["a"]}"#.to_owned()).await;

    assert_eq!(answer.status, 400);
    assert_eq!(answer.error_message(), "The request has a text, a number or a time that cannot be stored.");
    assert!(logs.lines("failed").is_empty() && logs.text().contains("SQLSTATE 22001"), "{}", logs.text());
}
