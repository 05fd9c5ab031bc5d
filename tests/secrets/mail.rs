//! Mail with SES.

use reqwest::StatusCode;
use serde_json::{Value, json};
use tests::collector::Collector;
use tests::db::TestDb;

use crate::api::{Api, put_secrets};
use crate::moto::Moto;

pub async fn a_reset_link_is_mailed_with_ses() {
    let (moto, db) = (Moto::start().await, TestDb::with_contract_data().await);
    put_secrets(&moto, &db.url()).await;
    moto.verify_sender("study@study.test").await;
    let api = Api::server_with(&moto, &[("MAIL_TRANSPORT", "ses")]).await;

    let answer = api.post("/api/auth/reset-password-request", &json!({"email": "alice@contract.test"})).await;

    assert_eq!(answer.status(), StatusCode::OK);
    let answer: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    // other tests also send mails
    let mails: Vec<Value> = moto.mails().await.into_iter().filter(|mail| mail["id"] == answer["data"]["id"]).collect();
    assert_eq!(mails.len(), 1);
    assert!(mails[0].to_string().contains("https://study.test/reset-password/"), "no link in the mail");
}

/// The collector's lines are checked for secrets like log lines.
pub async fn requests_to_ssm_and_ses_are_spans() {
    let (moto, db, mut collector) = (Moto::start().await, TestDb::with_contract_data().await, Collector::start().await);
    put_secrets(&moto, &db.url()).await;
    moto.verify_sender("study@study.test").await;
    let variables = [("MAIL_TRANSPORT", "ses"), ("OTEL_EXPORTER_OTLP_ENDPOINT", &*collector.endpoint)];
    let api = Api::server_with(&moto, &variables).await;

    api.post("/api/auth/reset-password-request", &json!({"email": "alice@contract.test"})).await;

    let (ssm, ses) = (collector.span("SSM").await, collector.span("SES").await);
    assert!(ssm["nanoseconds"].as_i64() > Some(0) && ses["nanoseconds"].as_i64() > Some(0), "{ssm} {ses}");
}
