use std::time::{Duration, Instant};

use serde_json::{Value, json};
use shared::auth::ResetToken;
use tests::app::{Answer, TestApp};
use tests::contract::token;

async fn sign_up(api: &TestApp, email: &str, password: &str) -> Answer {
    api.post_patiently("/api/auth/signup", None, &json!({"email": email, "password": password})).await
}

async fn reset(api: &TestApp, token: &str, password: &str) -> Answer {
    api.post_patiently("/api/auth/reset-password", None, &json!({"password": password, "resetToken": token})).await
}

#[tokio::test]
async fn a_login_returns_a_token_for_the_participants_routes() {
    let api = TestApp::with_contract_data().await;

    let login = api.log_in("alice@contract.test", "Alice-pass-1").await;

    assert_eq!(login.json(), json!({"message": "Login Successfully"}));
    assert_eq!(api.get("/api/cases", Some(&login.token())).await.status, 200);
}

/// A shorter time would reveal which addresses have an account.
#[tokio::test]
async fn a_refusal_takes_at_least_a_quarter_of_a_second() {
    let api = TestApp::with_contract_data().await;

    for address in ["alice@contract.test", "nobody@contract.test"] {
        let started = Instant::now();
        api.log_in(address, "Wrong-pass-1").await;
        assert!(started.elapsed() >= Duration::from_millis(250), "{:?}", started.elapsed());
    }
}

#[tokio::test]
async fn every_response_to_a_token_returns_the_token() {
    let api = TestApp::with_contract_data().await;
    let token = api.token_for("alice@contract.test");

    for path in ["/api/cases", "/api/config/answer", "/api/case-reviews/cfg-b02-next"] {
        assert_eq!(api.get(path, Some(&token)).await.token(), token, "{path}");
    }
}

#[tokio::test]
async fn a_token_past_half_of_its_lifetime_is_renewed() {
    let api = TestApp::with_contract_data().await;
    let old = api
        .app
        .tokens
        .issue("alice@contract.test", false, chrono::Utc::now() - chrono::TimeDelta::seconds(451))
        .unwrap();

    let new = api.get("/api/cases", Some(&old)).await.token();

    assert_ne!(new, old);
    assert_eq!(api.get("/api/cases", Some(&new)).await.token(), new);
}

/// Newer frontends read this claim to decide whether to show researchers' pages (contract section 9).
#[tokio::test]
async fn a_token_claims_whether_the_account_is_an_administrator() {
    let api = TestApp::with_contract_data().await;

    for (account, is_admin) in [("Alice", false), ("Admin", true)] {
        let email = format!("{}@contract.test", account.to_lowercase());
        let login = api.log_in(&email, &format!("{account}-pass-1")).await;

        assert_eq!(token::describe(&login.token()).claims["admin_flag"], is_admin, "{account}");
    }
}

#[tokio::test]
async fn a_disabled_account_gets_401_and_no_token() {
    let api = TestApp::with_contract_data().await;
    let token = api.token_for("dave@contract.test");

    for path in ["/api/cases", "/api/config/answer", "/api/case-reviews/cfg-d01-no-visit"] {
        let answer = api.get(path, Some(&token)).await;
        assert_eq!((answer.status.as_u16(), answer.token().as_str()), (401, ""), "{path}");
        assert!(answer.json()["msg"].is_string(), "{path}");
    }
}

#[tokio::test]
async fn a_disabled_account_cannot_sign_up_and_take_itself_over() {
    let api = TestApp::with_contract_data().await;

    assert_eq!(sign_up(&api, "dave@contract.test", "Other-pass-1").await.error_code(), "1002");
    assert_eq!(api.log_in("dave@contract.test", "Other-pass-1").await.error_code(), "1004");
}

#[tokio::test]
async fn one_of_many_concurrent_signups_wins() {
    let api = TestApp::with_contract_data().await;
    let passwords: Vec<String> = (0..6).map(|n| format!("Carol-pass-{n}")).collect();

    let answers =
        futures_util::future::join_all(passwords.iter().map(|password| sign_up(&api, "carol@contract.test", password)))
            .await;

    let won: Vec<&String> = answers
        .iter()
        .zip(&passwords)
        .filter(|(answer, _)| answer.status == 201)
        .map(|(_, password)| password)
        .collect();
    assert_eq!(won.len(), 1);
    assert_eq!(api.log_in("carol@contract.test", won[0]).await.status, 200);
}

#[tokio::test]
async fn a_refusal_names_the_field_and_not_the_value() {
    let api = TestApp::with_contract_data().await;

    let answer = api.post("/api/auth/login", None, &json!({"email": "alice@contract.test", "password": 4711})).await;

    assert_eq!(answer.status, 400);
    assert!(answer.error_message().contains("password"));
    assert!(!answer.error_message().contains("4711"));
}

#[tokio::test]
async fn a_mailed_link_sets_a_password_only_once() {
    let api = TestApp::with_contract_data().await;
    let asked = api.post("/api/auth/reset-password-request", None, &json!({"email": "alice@contract.test"})).await;
    let mail = api.mails().pop().unwrap();
    let token =
        mail.split("https://study.test/reset-password/").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();

    assert!(asked.data()["id"].is_string());
    assert_eq!(reset(&api, &token, "Fresh-pass-1").await.data(), "password updated");
    assert_eq!(api.log_in("alice@contract.test", "Fresh-pass-1").await.status, 200);
    assert_eq!(reset(&api, &token, "Fresh-pass-2").await.error_code(), "1022");
}

#[tokio::test]
async fn nobody_without_an_active_account_gets_a_mail() {
    let api = TestApp::with_contract_data().await;

    for (email, code) in
        [("nobody@contract.test", "1002"), ("carol@contract.test", "1004"), ("dave@contract.test", "1004")]
    {
        let answer = api.post("/api/auth/reset-password-request", None, &json!({"email": email})).await;
        assert_eq!(answer.error_code(), code, "{email}");
    }
    assert!(api.mails().is_empty());
}

#[tokio::test]
async fn a_failed_mail_is_1040_without_internals() {
    let db = tests::db::TestDb::with_contract_data().await;
    let api = TestApp::configured(db, &[("MAIL_TRANSPORT", "file:/dev/null/mails")]).await;

    let answer = api.post("/api/auth/reset-password-request", None, &json!({"email": "alice@contract.test"})).await;

    assert_eq!((answer.status.as_u16(), answer.error_code()), (500, json!("1040")));
    assert!(!answer.error_message().contains("directory"));
}

#[tokio::test]
async fn a_reset_enforces_the_password_rule_and_keeps_the_link_valid() {
    let api = TestApp::with_contract_data().await;

    assert_eq!(reset(&api, "valid-reset-token", "").await.error_code(), "1001");
    assert_eq!(reset(&api, "valid-reset-token", "Fresh-pass-1").await.status, 200);
}

/// A weak password would be a hint that the token was valid once.
#[tokio::test]
async fn a_used_token_is_refused_whatever_the_password() {
    let api = TestApp::with_contract_data().await;

    assert_eq!(reset(&api, "valid-reset-token", "Fresh-pass-1").await.status, 200);
    let again = reset(&api, "valid-reset-token", "").await;

    assert_eq!(again.error_code(), reset(&api, "unknown-reset-token", "").await.error_code());
}

#[tokio::test]
async fn a_reset_activates_an_invited_account() {
    let api = TestApp::with_contract_data().await;

    reset(&api, "carol-reset-token", "Carol-pass-1").await;

    assert_eq!(api.log_in("carol@contract.test", "Carol-pass-1").await.status, 200);
}

#[tokio::test]
async fn links_without_one_owner_or_an_expiry_are_refused() {
    let api = TestApp::with_contract_data().await;

    for (token, code) in
        [("orphan-reset-token", "1022"), ("twice-reset-token", "1022"), ("noexpiry-reset-token", "1023")]
    {
        // whatever the password
        for password in ["Fresh-pass-1", ""] {
            assert_eq!(reset(&api, token, password).await.error_code(), code, "{token}");
        }
    }
}

#[tokio::test]
async fn one_of_many_concurrent_resets_wins() {
    let api = TestApp::with_contract_data().await;
    let passwords: Vec<String> = (0..6).map(|n| format!("Fresh-pass-{n}")).collect();

    let answers =
        futures_util::future::join_all(passwords.iter().map(|password| reset(&api, "valid-reset-token", password)))
            .await;

    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    let refused: Vec<Value> = answers.iter().filter(|answer| answer.status != 200).map(Answer::error_code).collect();
    assert_eq!(refused, vec![json!("1022"); 5]);
}

#[tokio::test]
async fn a_reset_does_not_activate_a_disabled_account() {
    let api = TestApp::with_contract_data().await;
    let token = ResetToken::generate();
    sqlx::query("INSERT INTO reset_password_token (id, email, token, active, expired_at) VALUES ($1, 'dave@contract.test', $2, true, '2099-01-01')")
        .bind(uuid::Uuid::new_v4())
        .bind(token.stored())
        .execute(api.pool())
        .await
        .unwrap();

    assert_eq!(reset(&api, token.mailed(), "Fresh-pass-1").await.error_code(), "1022");
}

#[tokio::test]
async fn an_unreachable_database_is_a_503_with_retry_after() {
    let api =
        TestApp::configured(tests::db::TestDb::new().await, &[("DATABASE_URL", "postgresql://127.0.0.1:1/none")]).await;

    let answer = api.log_in("alice@contract.test", "Alice-pass-1").await;

    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, "1"));
    assert!(!answer.error_message().is_empty());
}
