//! Claiming an invited account. With `SIGNUP=by-mail` that needs the mailed link. With `SIGNUP=open` the address is enough, except for
//! accounts of administrators.

use http::Method;
use serde_json::json;
use tests::app::{Answer, TestApp};
use tests::db::TestDb;

const CAROL: &str = "carol@contract.test";

async fn by_mail() -> TestApp {
    TestApp::configured(TestDb::with_contract_data().await, &[("SIGNUP", "by-mail")]).await
}

async fn sign_up(api: &TestApp, email: &str) -> Answer {
    api.post("/api/auth/signup", None, &json!({"email": email, "password": "Carol-pass-1"})).await
}

async fn reset(api: &TestApp, token: &str) -> Answer {
    api.post("/api/auth/reset-password", None, &json!({"password": "Fresh-pass-1", "resetToken": token})).await
}

async fn invite(api: &TestApp, email: &str) -> Answer {
    api.send_with_key(Method::POST, "/admin/users", &json!({"users": [{"email": email}]})).await
}

/// Returns the token in the only mail.
fn mailed_token(api: &TestApp) -> String {
    let mails = api.mails();
    let [mail] = &mails[..] else { panic!("{} mails", mails.len()) };
    let link = mail.split("https://study.test/reset-password/").nth(1).unwrap();
    link.split_whitespace().next().unwrap().to_owned()
}

#[tokio::test]
async fn by_mail_a_signup_without_a_link_is_refused_with_the_remedy() {
    let api = by_mail().await;

    let refused = sign_up(&api, CAROL).await;

    assert_eq!(
        (refused.status.as_u16(), refused.error_code()),
        (500, json!("1051")),
        "the frontend shows no other status"
    );
    assert!(refused.error_message().contains("link"), "{}", refused.error_message());
    assert_eq!(api.log_in(CAROL, "Carol-pass-1").await.error_code(), "1004");
}

#[tokio::test]
async fn by_mail_an_invitation_mails_a_link_that_activates_the_account() {
    let api = by_mail().await;

    let invited = invite(&api, "new@contract.test").await;

    assert_eq!(invited.data(), json!({"new@contract.test": "added"}));
    assert!(api.mails()[0].starts_with("To: new@contract.test\n"));
    assert_eq!(sign_up(&api, "new@contract.test").await.error_code(), "1051");
    assert_eq!(reset(&api, &mailed_token(&api)).await.status, 200);
    assert_eq!(api.log_in("new@contract.test", "Fresh-pass-1").await.status, 200);
    let action = "SELECT action FROM audit_entry ORDER BY id DESC LIMIT 1";
    let action: String = sqlx::query_scalar(action).fetch_one(api.pool()).await.unwrap();
    assert_eq!(action, "account.sign-up");
}

/// Login ignores case and surrounding blanks, so a second account would take over the address of the first.
#[tokio::test]
async fn an_address_with_blanks_is_not_invited_again() {
    let api = TestApp::with_contract_data().await;
    let spelt = r#"UPDATE "user" SET email = ' Alice@contract.test' WHERE email = 'alice@contract.test'"#;
    sqlx::query(spelt).execute(api.pool()).await.unwrap();

    let invited = invite(&api, "alice@contract.test").await;

    assert_eq!(invited.data(), json!({"alice@contract.test": "failed: already existed"}));
    assert_eq!(api.log_in("alice@contract.test", "Alice-pass-1").await.status, 200);
}

#[tokio::test]
async fn by_mail_a_failed_mail_is_reported() {
    let variables = [("SIGNUP", "by-mail"), ("MAIL_TRANSPORT", "file:/dev/null/mails")];
    let api = TestApp::configured(TestDb::with_contract_data().await, &variables).await;

    let invited = invite(&api, "new@contract.test").await;

    let outcome = invited.data()["new@contract.test"].as_str().unwrap().to_owned();
    assert!(outcome.starts_with("added, but its mail did not leave"), "{outcome}");
}

#[tokio::test]
async fn open_an_invited_address_can_sign_up_and_gets_no_mail() {
    let api = TestApp::with_contract_data().await;

    assert_eq!(invite(&api, "new@contract.test").await.data(), json!({"new@contract.test": "added"}));

    assert!(api.mails().is_empty());
    assert_eq!(sign_up(&api, "new@contract.test").await.status, 201);
}

#[tokio::test]
async fn open_an_administrators_account_still_needs_the_link() {
    let api = TestApp::with_contract_data().await;
    let promoted = r#"UPDATE "user" SET admin_flag = true WHERE email = 'carol@contract.test'"#;
    sqlx::query(promoted).execute(api.pool()).await.unwrap();

    assert_eq!(sign_up(&api, CAROL).await.error_code(), "1051");
    assert_eq!(reset(&api, "carol-reset-token").await.status, 200);
    assert_eq!(api.log_in(CAROL, "Fresh-pass-1").await.status, 200);
}

#[tokio::test]
async fn withdrawing_an_invitation_deletes_the_account_and_its_link() {
    let api = TestApp::with_contract_data().await;

    let withdrawn = api.send_with_key(Method::DELETE, "/admin/users/4/invitation", &json!({})).await;

    assert_eq!((withdrawn.status.as_u16(), withdrawn.data()), (200, json!({"id": 4})));
    assert_eq!(sign_up(&api, CAROL).await.error_code(), "1002");
    assert_eq!(reset(&api, "carol-reset-token").await.error_code(), "1022");
    let entry = "SELECT action, resources FROM audit_entry ORDER BY id DESC LIMIT 1";
    let entry: (String, Vec<String>) = sqlx::query_as(entry).fetch_one(api.pool()).await.unwrap();
    assert_eq!(entry, ("accounts.withdraw".to_owned(), vec!["4".to_owned()]));
    assert_eq!(invite(&api, CAROL).await.data(), json!({"carol@contract.test": "added"}));
}

#[tokio::test]
async fn an_account_that_has_signed_up_cannot_be_withdrawn() {
    let api = TestApp::with_contract_data().await;

    for (id, status) in [("2", 409), ("5", 409), ("7", 409), ("4711", 404), ("x", 404)] {
        let path = format!("/admin/users/{id}/invitation");
        let answer = api.send_with_key(Method::DELETE, &path, &json!({})).await;
        assert_eq!(answer.status, status, "{id}");
    }
    assert_eq!(api.log_in("alice@contract.test", "Alice-pass-1").await.status, 200);
}
