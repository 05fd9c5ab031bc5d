//! Lookups of addresses ignore case and surrounding white space if that identifies one account. Addresses are stored, and written into
//! tokens, unchanged (contract section 9).

use serde_json::json;
use tests::app::TestApp;
use tests::contract::token;

async fn execute(api: &TestApp, statement: &str) {
    sqlx::query(statement).execute(api.pool()).await.unwrap();
}

#[tokio::test]
async fn a_login_finds_the_account_in_any_case_and_the_token_has_the_stored_address() {
    let api = TestApp::with_contract_data().await;

    for typed in ["Alice@Contract.test", " alice@contract.test", "ALICE@CONTRACT.TEST\n", "\talice@contract.test "] {
        let login = api.log_in(typed, "Alice-pass-1").await;
        assert_eq!(login.status, 200, "{typed:?}");
        assert_eq!(token::describe(&login.token()).claims["sub"], "alice@contract.test");
    }
}

#[tokio::test]
async fn a_stored_address_with_capitals_and_blanks_is_not_changed() {
    let api = TestApp::with_contract_data().await;
    execute(&api, r#"UPDATE "user" SET email = ' Alice@Contract.test' WHERE email = 'alice@contract.test'"#).await;

    let login = api.log_in("alice@contract.test", "Alice-pass-1").await;

    assert_eq!(token::describe(&login.token()).claims["sub"], " Alice@Contract.test");
    assert_eq!(api.get("/api/cases", Some(&login.token())).await.status, 200);
}

const TWIN: &str = r#"INSERT INTO "user" (email, active, password, salt)
    SELECT 'Alice@contract.test', true, password, salt FROM "user" WHERE email = 'bob@contract.test'"#;

#[tokio::test]
async fn two_accounts_that_differ_in_case_are_found_only_by_exact_match() {
    let api = TestApp::with_contract_data().await;
    execute(&api, TWIN).await;

    assert_eq!(api.log_in("alice@contract.test", "Alice-pass-1").await.status, 200);
    assert_eq!(api.log_in("Alice@contract.test", "Bob-pass-1").await.status, 200);
    assert_eq!(api.log_in("ALICE@contract.test", "Alice-pass-1").await.error_code(), "1002");
}

#[tokio::test]
async fn a_signup_and_a_request_for_a_reset_find_the_account_in_any_case() {
    let api = TestApp::with_contract_data().await;
    let signup = json!({"email": "Carol@contract.test ", "password": "Carol-pass-1"});

    assert_eq!(api.post("/api/auth/signup", None, &signup).await.status, 201);
    assert_eq!(api.log_in("carol@contract.test", "Carol-pass-1").await.status, 200);
    let asked = api.post("/api/auth/reset-password-request", None, &json!({"email": " ALICE@contract.test"})).await;
    assert_eq!(asked.status, 200);
    assert!(api.mails()[0].starts_with("To: alice@contract.test\n"));
}
