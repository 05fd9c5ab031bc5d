//! The end of sessions: by a new password, whichever system sets it, a deactivation, or a logout. Older tokens get 401, older links 1022
//! (contract section 9).

use chrono::{TimeDelta, Utc};
use serde_json::json;
use shared::auth::ResetToken;
use tests::app::{Answer, JWT_SECRET_KEY, TestApp};
use tests::contract::token::ForgedToken;

const ALICE: &str = "alice@contract.test";

async fn execute(api: &TestApp, statement: &str) {
    sqlx::raw_sql(statement).execute(api.pool()).await.unwrap();
}

async fn reset(api: &TestApp, token: &str) -> Answer {
    api.post("/api/auth/reset-password", None, &json!({"password": "Fresh-pass-1", "resetToken": token})).await
}

/// Stores a link that was mailed `ago`.
async fn mailed(api: &TestApp, ago: TimeDelta) -> ResetToken {
    let token = ResetToken::generate();
    sqlx::query(
        "INSERT INTO reset_password_token (id, email, token, active, created_timestamp, expired_at)
         VALUES ($1, $2, $3, true, $4, now() AT TIME ZONE 'UTC' + interval '1 day')",
    )
    .bind(uuid::Uuid::new_v4())
    .bind(ALICE)
    .bind(token.stored())
    .bind((Utc::now() - ago).naive_utc())
    .execute(api.pool())
    .await
    .unwrap();
    token
}

#[tokio::test]
async fn a_reset_ends_all_sessions_and_links() {
    let api = TestApp::with_contract_data().await;
    let token = api.log_in(ALICE, "Alice-pass-1").await.token();
    let other_link = mailed(&api, TimeDelta::seconds(1)).await;

    assert_eq!(reset(&api, "valid-reset-token").await.status, 200);

    assert_eq!(api.get("/api/cases", Some(&token)).await.status, 401);
    assert_eq!(reset(&api, other_link.mailed()).await.error_code(), "1022");
    let new = api.log_in(ALICE, "Fresh-pass-1").await.token();
    assert_eq!(api.get("/api/cases", Some(&new)).await.status, 200);
}

/// The old service writes salt and password, and its own link.
const RESET_BY_THE_OLD_SERVICE: &str = r#"
    UPDATE reset_password_token SET active = false WHERE id = '00000000-0000-4000-8000-000000000001';
    UPDATE "user" SET salt = b.salt, password = b.password FROM "user" AS b
    WHERE "user".email = 'alice@contract.test' AND b.email = 'bob@contract.test'"#;

#[tokio::test]
async fn a_reset_by_the_old_service_ends_all_sessions_and_links() {
    let api = TestApp::with_contract_data().await;
    let token = api.log_in(ALICE, "Alice-pass-1").await.token();
    let other_link = mailed(&api, TimeDelta::seconds(1)).await;

    execute(&api, RESET_BY_THE_OLD_SERVICE).await;

    assert_eq!(api.get("/api/cases", Some(&token)).await.status, 401);
    assert_eq!(reset(&api, other_link.mailed()).await.error_code(), "1022");
    let new = api.log_in(ALICE, "Bob-pass-1").await.token();
    assert_eq!(api.get("/api/cases", Some(&new)).await.status, 200);
}

#[tokio::test]
async fn a_deactivation_permanently_ends_all_sessions_and_links() {
    let api = TestApp::with_contract_data().await;
    let (token, link) = (api.token_for(ALICE), mailed(&api, TimeDelta::seconds(1)).await);

    execute(&api, r#"UPDATE "user" SET active = false WHERE email = 'alice@contract.test'"#).await;
    execute(&api, r#"UPDATE "user" SET active = true WHERE email = 'alice@contract.test'"#).await;

    assert_eq!(api.get("/api/cases", Some(&token)).await.status, 401);
    assert_eq!(reset(&api, link.mailed()).await.error_code(), "1022");
    let new = api.log_in(ALICE, "Alice-pass-1").await.token();
    assert_eq!(api.get("/api/cases", Some(&new)).await.status, 200);
}

#[tokio::test]
async fn a_renewed_token_ends_with_its_login() {
    let api = TestApp::with_contract_data().await;
    let old = api.app.tokens.issue(ALICE, false, Utc::now() - TimeDelta::seconds(600)).unwrap();
    let renewed = api.get("/api/cases", Some(&old)).await.token();
    assert_ne!(renewed, old);

    reset(&api, "valid-reset-token").await;

    assert_eq!(api.get("/api/cases", Some(&renewed)).await.status, 401);
}

/// If the login read the password before the commit, the old one would be right, and the token would be newer than the reset.
#[tokio::test]
async fn a_login_waits_for_an_uncommitted_reset() {
    let api = TestApp::with_contract_data().await;
    let mut reset = api.pool().begin().await.unwrap();
    let new_password = r#"UPDATE "user" SET password = 'x' WHERE email = 'alice@contract.test'"#;
    sqlx::raw_sql(new_password).execute(&mut *reset).await.unwrap();

    let commit_later = async {
        api.db.until_blocked(1).await;
        reset.commit().await.unwrap();
    };
    let (login, ()) = tokio::join!(api.log_in(ALICE, "Alice-pass-1"), commit_later);

    assert_eq!((login.error_code(), login.token()), (json!("1005"), String::new()));
}

#[tokio::test]
async fn a_login_with_the_old_password_during_a_reset_gets_no_token() {
    let api = TestApp::with_contract_data().await;
    let mut reset = api.pool().begin().await.unwrap();
    sqlx::raw_sql("LOCK TABLE known_client IN SHARE MODE").execute(&mut *reset).await.unwrap();
    let new_password = r#"UPDATE "user" SET password = 'x' WHERE email = 'alice@contract.test'"#;

    // the login has hashed the old password, and waits for the lock to remember its client
    let overtaken = async {
        api.db.until_blocked(1).await;
        assert_eq!(api.app.passwords.hashed(), 1);
        sqlx::raw_sql(new_password).execute(&mut *reset).await.unwrap();
        reset.commit().await.unwrap();
    };
    let (login, ()) = tokio::join!(api.log_in(ALICE, "Alice-pass-1"), overtaken);

    assert_eq!(login.error_code(), "1005");
    api.log_in(ALICE, "Alice-pass-1").await;
    assert_eq!(api.app.passwords.hashed(), 2);
}

#[tokio::test]
async fn a_token_with_a_login_in_the_future_is_refused() {
    let api = TestApp::with_contract_data().await;
    let forged = |login: &str| {
        let claims = json!({"claims": {"last_login_time": login}});
        let forged: ForgedToken = serde_json::from_value(claims).unwrap();
        forged.sign(JWT_SECRET_KEY, Utc::now().timestamp()).unwrap()
    };

    let answer = api.get("/api/cases", Some(&forged("9999-12-31T23:59:59"))).await;

    assert_eq!((answer.status.as_u16(), answer.token()), (401, String::new()));
    let now = Utc::now().naive_utc().format("%Y-%m-%dT%H:%M:%S%.6f").to_string();
    assert_eq!(api.get("/api/cases", Some(&forged(&now))).await.status, 200);
}
