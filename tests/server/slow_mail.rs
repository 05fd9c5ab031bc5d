//! A slow mail service must not reveal who has an account.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::{Router, response::IntoResponse};
use http::Request;
use serde_json::json;
use tests::app::API_KEY;
use tests::contract::transport::Transport;
use tests::db::TestDb;
use tests::server_process::Server;
use tests::waiting::until;
use tokio::net::TcpListener;

/// Longer than a mail takes.
const LIMIT: Duration = Duration::from_mins(1);

/// Starts a stand-in for SES, which responds after a second: `SendEmail` returns `{"MessageId": …}`
/// (<https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html>). Counts the mails that it has sent.
async fn slow_ses(sent: Arc<AtomicUsize>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let send_email = async move || {
        tokio::time::sleep(Duration::from_secs(1)).await;
        sent.fetch_add(1, Ordering::Relaxed);
        ([("content-type", "application/json")], r#"{"MessageId": "of-a-slow-mail"}"#).into_response()
    };
    tokio::spawn(axum::serve(listener, Router::new().fallback(send_email)).into_future());
    format!("http://{address}")
}

async fn server(db: &TestDb, ses: &str) -> Server {
    let aws = [("AWS_ENDPOINT_URL", ses), ("AWS_REGION", "eu-west-1"), ("MAIL_TRANSPORT", "ses")];
    let credentials = [("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test"), ("SIGNUP", "by-mail")];
    Server::start_with(&db.url(), &[&aws[..], &credentials[..]].concat()).await
}

/// The account is stored, so repeating the request would not mail the link.
#[tokio::test]
async fn an_invitation_is_mailed_even_if_the_client_disconnects() {
    let (db, sent) = (TestDb::with_contract_data().await, Arc::new(AtomicUsize::new(0)));
    let server = server(&db, &slow_ses(sent.clone()).await).await;
    let body = r#"{"users": [{"email": "new@contract.test"}]}"#;
    let head =
        format!("POST /admin/users HTTP/1.1\r\nHost: x\r\nX-API-Key: {API_KEY}\r\nContent-Type: application/json");
    let mut connection = server.connect().await;

    connection.send(&format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len())).await;
    let is_stored = r#"SELECT count(*) FROM "user" WHERE email = 'new@contract.test'"#;
    until(LIMIT, async || sqlx::query_scalar::<_, i64>(is_stored).fetch_one(&db.pool).await.unwrap() == 1).await;
    drop(connection);

    until(LIMIT, async || sent.load(Ordering::Relaxed) == 1).await;
}

#[tokio::test]
async fn a_request_for_a_reset_takes_as_long_for_a_stranger_as_for_an_account() {
    let db = TestDb::with_contract_data().await;
    let server = server(&db, &slow_ses(Arc::default()).await).await;
    let transport = Transport::http(&format!("http://{}", server.address)).unwrap();
    let is_even = |ratio: &f64| (0.95..1.05).contains(ratio);
    let reset = async |name: &str| {
        let started = Instant::now();
        let request = Request::post("/api/auth/reset-password-request").header("host", transport.host());
        let request = request.header("content-type", "application/json");
        let body = json!({"email": format!("{name}@contract.test")}).to_string();
        let answer = transport.send(request.body(body.into()).unwrap()).await.unwrap();
        (answer.status().as_u16(), started.elapsed())
    };

    // a busy machine delays one of two answers in some rounds, but not in all; an account gets five mails an hour
    let mut ratios = Vec::new();
    while ratios.len() < 5 && !ratios.iter().any(is_even) {
        let (account, stranger) = tokio::join!(reset("alice"), reset("nobody"));
        assert_eq!((account.0, stranger.0), (200, 500));
        ratios.push(account.1.div_duration_f64(stranger.1));
    }

    assert!(ratios.iter().any(is_even), "{ratios:?}");
}
