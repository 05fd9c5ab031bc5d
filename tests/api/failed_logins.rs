use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;
use tests::app::TestApp;
use tests::db::TestDb;
use tests::round_trips::RoundTrips;

async fn fail(api: &TestApp, email: &str, times: u32) {
    for _ in 0..times {
        api.log_in(email, "Wrong-pass-1").await;
    }
}

async fn execute(api: &TestApp, statement: &str) {
    sqlx::query(statement).execute(api.pool()).await.unwrap();
}

#[tokio::test]
async fn after_ten_wrong_passwords_the_right_one_is_refused_with_a_message() {
    let api = TestApp::with_contract_data().await;

    fail(&api, "alice@contract.test", 10).await;
    let answer = api.log_in("alice@contract.test", "Alice-pass-1").await;

    assert_eq!(
        (answer.status.as_u16(), answer.error_code()),
        (500, json!("1050")),
        "the frontend shows no other status"
    );
    assert!(answer.error_message().starts_with("Too many failed logins."));
    assert!((1..=900).contains(&answer.header("retry-after").parse::<u32>().unwrap()));
    assert_eq!(api.log_in("bob@contract.test", "Bob-pass-1").await.status, 200);
}

#[tokio::test]
async fn another_process_knows_of_them() {
    let api = TestApp::with_contract_data().await;
    let url = api.db.url();
    let other = TestApp::configured(TestDb::empty().await, &[("DATABASE_URL", &url)]).await;

    fail(&api, "alice@contract.test", 5).await;
    fail(&other, "alice@contract.test", 5).await;

    assert_eq!(api.log_in("alice@contract.test", "Alice-pass-1").await.error_code(), "1050");
}

#[tokio::test]
async fn where_there_is_no_password_to_guess_nothing_is_counted() {
    let api = TestApp::with_contract_data().await;

    for (email, refusal) in
        [("nobody@contract.test", "1002"), ("dave@contract.test", "1004"), ("nopassword@contract.test", "1005")]
    {
        fail(&api, email, 10).await;
        assert_eq!(api.log_in(email, "Wrong-pass-1").await.error_code(), refusal, "{email}");
    }
}

#[tokio::test]
async fn a_login_in_time_forgets_them() {
    let api = TestApp::with_contract_data().await;

    for _ in 0..2 {
        fail(&api, "alice@contract.test", 9).await;
        assert_eq!(api.log_in("alice@contract.test", "Alice-pass-1").await.status, 200);
    }
}

#[tokio::test]
async fn a_new_password_by_mail_forgets_them() {
    let api = TestApp::with_contract_data().await;
    fail(&api, "alice@contract.test", 10).await;

    let reset = json!({"password": "Fresh-pass-1", "resetToken": "valid-reset-token"});
    api.post("/api/auth/reset-password", None, &reset).await;

    assert_eq!(api.log_in("alice@contract.test", "Fresh-pass-1").await.status, 200);
}

#[tokio::test]
async fn they_are_forgotten_after_a_quarter_of_an_hour() {
    let api = TestApp::with_contract_data().await;
    fail(&api, "alice@contract.test", 10).await;

    execute(&api, "UPDATE login_failure SET forgotten_at = forgotten_at - interval '15 minutes'").await;

    assert_eq!(api.log_in("alice@contract.test", "Wrong-pass-1").await.error_code(), "1005");
    assert_eq!(api.log_in("alice@contract.test", "Alice-pass-1").await.status, 200);
}

#[tokio::test]
async fn of_many_guesses_at_once_ten_are_judged() {
    let api = TestApp::with_contract_data().await;

    let answers = join_all((0..20).map(|_| api.log_in("alice@contract.test", "Wrong-pass-1"))).await;

    let judged = answers.iter().filter(|answer| answer.error_code() == "1005").count();
    assert_eq!(judged, 10);
}

#[tokio::test]
async fn what_is_stored_is_no_address_and_does_not_stay() {
    let api = TestApp::with_contract_data().await;
    fail(&api, "bob@contract.test", 1).await;
    execute(&api, "UPDATE login_failure SET forgotten_at = now() - interval '1 second'").await;

    fail(&api, "alice@contract.test", 1).await;

    let stored: Vec<String> =
        sqlx::query_scalar("SELECT address_hash FROM login_failure").fetch_all(api.pool()).await.unwrap();
    assert_eq!(stored, [api.app.address_hash("alice@contract.test")]);
    assert!(!stored[0].contains("alice"));
}

#[tokio::test]
async fn a_stranger_costs_a_hash_as_an_account_does() {
    let api = TestApp::with_contract_data().await;

    for email in ["alice", "nobody", "carol", "dave", "nopassword"] {
        let before = api.app.passwords.hashed();
        fail(&api, &format!("{email}@contract.test"), 1).await;
        assert_eq!(api.app.passwords.hashed() - before, 1, "{email}");
    }
}

#[tokio::test]
async fn a_request_for_a_reset_takes_as_long_for_a_stranger_as_for_an_account() {
    let db = TestDb::with_contract_data().await;
    let proxy = RoundTrips::before(&db.url()).await;
    let mut round_trips = vec![];

    for email in ["alice", "nobody", "carol"] {
        // a new connection for each: one that rested would be asked for a sign of life
        let api = TestApp::configured(TestDb::empty().await, &[("DATABASE_URL", proxy.url())]).await;
        let started = Instant::now();
        let request = json!({"email": format!("{email}@contract.test")});
        api.post("/api/auth/reset-password-request", None, &request).await;
        assert!(started.elapsed() >= Duration::from_secs(1), "{email} is answered with all others");
        round_trips.push(proxy.take());
    }

    assert!(round_trips.iter().all(|count| *count == round_trips[0]), "{round_trips:?}");
}
