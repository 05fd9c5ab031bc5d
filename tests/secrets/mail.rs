//! Mail by SES.

use reqwest::StatusCode;
use serde_json::{Value, json};
use tests::db::TestDb;

use crate::api::{Api, put_secrets};
use crate::moto::Moto;

pub async fn a_reset_link_leaves_by_ses() {
    let (moto, db) = (Moto::start().await, TestDb::with_contract_data().await);
    put_secrets(&moto, &db.url()).await;
    moto.verify_sender("study@study.test").await;
    let api = Api::server_with(&moto, &[("MAIL_TRANSPORT", "ses")]).await;

    let answer = api.post("/api/auth/reset-password-request", &json!({"email": "alice@contract.test"})).await;

    assert_eq!(answer.status(), StatusCode::OK);
    let answer: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    let mails = moto.mails().await;
    assert_eq!((mails.len(), &mails[0]["id"]), (1, &answer["data"]["id"]));
    assert!(mails[0].to_string().contains("https://study.test/reset-password/"), "no link in the mail");
}
