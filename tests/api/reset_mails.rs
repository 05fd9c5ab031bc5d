//! The limit of reset mails to an account, and the deletion of old links.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use http::Method;
use serde_json::json;
use tests::app::{Answer, TestApp};
use tests::db::TestDb;

async fn ask(api: &TestApp) -> Answer {
    api.post("/api/auth/reset-password-request", None, &json!({"email": "alice@contract.test"})).await
}

async fn execute(api: &TestApp, statement: &str) {
    sqlx::query(statement).execute(api.pool()).await.unwrap();
}

async fn count(api: &TestApp, query: &str) -> i64 {
    sqlx::query_scalar(query).fetch_one(api.pool()).await.unwrap()
}

const LINKS: &str = "SELECT count(*) FROM reset_password_token WHERE created_timestamp > '2025-01-01'";

#[tokio::test]
async fn many_requests_send_five_mails_and_all_get_the_same_response() {
    let api = TestApp::with_contract_data().await;

    let answers = join_all((0..12).map(|_| ask(&api))).await;

    assert_eq!((api.mails().len(), count(&api, LINKS).await), (5, 5));
    let ids: BTreeSet<(u16, usize)> = answers
        .iter()
        .map(|answer| (answer.status.as_u16(), answer.data()["id"].as_str().unwrap_or_default().len()))
        .collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    assert!(ids.first().unwrap().1 > 0);
}

#[tokio::test]
async fn a_link_is_valid_for_two_days_and_an_invitation_for_a_week() {
    let api = TestApp::configured(TestDb::with_contract_data().await, &[("SIGNUP", "by-mail")]).await;
    let invitation = json!({"users": [{"email": "new@contract.test"}]});

    ask(&api).await;
    api.send_with_key(Method::POST, "/admin/users", &invitation).await;

    let days = "SELECT round(extract(epoch FROM expired_at - created_timestamp) / 86400)::bigint
                FROM reset_password_token WHERE created_timestamp > '2025-01-01' ORDER BY 1";
    let days: Vec<i64> = sqlx::query_scalar(days).fetch_all(api.pool()).await.unwrap();
    assert_eq!(days, [2, 7]);
}

#[tokio::test]
async fn after_an_hour_mails_are_sent_again() {
    let api = TestApp::with_contract_data().await;
    join_all((0..6).map(|_| ask(&api))).await;

    execute(&api, "UPDATE reset_mails SET forgotten_at = forgotten_at - interval '1 hour'").await;
    ask(&api).await;

    assert_eq!(api.mails().len(), 6);
}

#[tokio::test]
async fn long_expired_links_are_deleted() {
    let api = TestApp::with_contract_data().await;
    let expired = "SELECT count(*) FROM reset_password_token WHERE expired_at < now() AT TIME ZONE 'UTC'";
    assert_eq!(count(&api, expired).await, 1);

    ask(&api).await;

    assert_eq!(count(&api, expired).await, 0);
}
