use std::time::{Duration, Instant};

use futures_util::future::join_all;
use http::Method;
use serde_json::json;
use tests::app::{Answer, TestApp, json_request};
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
async fn after_ten_wrong_passwords_the_right_one_is_refused_with_a_reason() {
    let api = TestApp::with_contract_data().await;

    fail(&api, "alice@contract.test", 10).await;
    let answer = api.log_in("alice@contract.test", "Alice-pass-1").await;

    assert_eq!(
        (answer.status.as_u16(), answer.error_code()),
        (500, json!("1050")),
        "the frontend shows messages of no other status"
    );
    assert!(answer.error_message().starts_with("Too many failed logins."));
    assert!((1..=900).contains(&answer.header("retry-after").parse::<u32>().unwrap()));
    assert_eq!(api.log_in("bob@contract.test", "Bob-pass-1").await.status, 200);
}

#[tokio::test]
async fn failed_logins_are_shared_between_processes() {
    let api = TestApp::with_contract_data().await;
    let url = api.db.url();
    let other = TestApp::configured(TestDb::empty().await, &[("DATABASE_URL", &url)]).await;

    fail(&api, "alice@contract.test", 5).await;
    fail(&other, "alice@contract.test", 5).await;

    assert_eq!(api.log_in("alice@contract.test", "Alice-pass-1").await.error_code(), "1050");
}

#[tokio::test]
async fn failed_logins_of_accounts_without_a_password_are_not_counted() {
    let api = TestApp::with_contract_data().await;

    for (email, refusal) in
        [("nobody@contract.test", "1002"), ("dave@contract.test", "1004"), ("nopassword@contract.test", "1005")]
    {
        fail(&api, email, 10).await;
        assert_eq!(api.log_in(email, "Wrong-pass-1").await.error_code(), refusal, "{email}");
    }
}

#[tokio::test]
async fn a_successful_login_resets_the_count() {
    let api = TestApp::with_contract_data().await;

    for _ in 0..2 {
        fail(&api, "alice@contract.test", 9).await;
        assert_eq!(api.log_in("alice@contract.test", "Alice-pass-1").await.status, 200);
    }
}

#[tokio::test]
async fn a_password_reset_resets_the_count() {
    let api = TestApp::with_contract_data().await;
    fail(&api, "alice@contract.test", 10).await;

    let reset = json!({"password": "Fresh-pass-1", "resetToken": "valid-reset-token"});
    api.post("/api/auth/reset-password", None, &reset).await;

    assert_eq!(api.log_in("alice@contract.test", "Fresh-pass-1").await.status, 200);
}

#[tokio::test]
async fn the_count_expires_after_a_quarter_of_an_hour() {
    let api = TestApp::with_contract_data().await;
    fail(&api, "alice@contract.test", 10).await;

    execute(&api, "UPDATE wrong_password SET forgotten_at = forgotten_at - interval '15 minutes'").await;

    assert_eq!(api.log_in("alice@contract.test", "Wrong-pass-1").await.error_code(), "1005");
    assert_eq!(api.log_in("alice@contract.test", "Alice-pass-1").await.status, 200);
}

#[tokio::test]
async fn only_ten_of_many_concurrent_guesses_are_checked() {
    let api = TestApp::with_contract_data().await;

    let guess = json!({"email": "alice@contract.test", "password": "Wrong-pass-1"});
    // a slow machine answers some with 503, and may have counted them
    let answers = join_all((0..20).map(|_| api.post_patiently("/api/auth/login", None, &guess))).await;

    let codes: Vec<_> = answers.iter().map(Answer::error_code).collect();
    let count = |wanted: &str| codes.iter().filter(|code| *code == wanted).count();
    assert!(count("1005") <= 10 && count("1005") + count("1050") == 20, "{codes:?}");
}

#[tokio::test]
async fn stored_failures_contain_no_address_and_are_deleted() {
    let api = TestApp::with_contract_data().await;
    log_in_from(&api, "192.0.2.7", "bob@contract.test", "Wrong-pass-1").await;
    log_in_from(&api, "192.0.2.7", "bob@contract.test", "Bob-pass-1").await;
    execute(&api, "UPDATE wrong_password SET forgotten_at = now() - interval '1 second'").await;
    execute(&api, "UPDATE known_client SET known_until = now() - interval '1 second'").await;

    log_in_from(&api, "192.0.2.8", "alice@contract.test", "Wrong-pass-1").await;
    log_in_from(&api, "192.0.2.8", "admin@contract.test", "Admin-pass-1").await;

    let stored =
        "SELECT account_id, client_hash FROM wrong_password UNION ALL SELECT account_id, client_hash FROM known_client";
    let stored: Vec<(i32, String)> = sqlx::query_as(stored).fetch_all(api.pool()).await.unwrap();
    assert!(stored.iter().all(|(account, client)| [1, 2].contains(account) && !client.contains("192.")), "{stored:?}");
}

async fn log_in_from(api: &TestApp, client: &str, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password});
    let mut request = json_request(Method::POST, "/api/auth/login", None, &body);
    // the load balancer appends the client's address at the end
    request.headers_mut().insert("x-forwarded-for", format!("203.0.113.99, {client}").parse().unwrap());
    api.send(request).await
}

#[tokio::test]
async fn a_stranger_locks_out_only_strangers_with_the_same_address() {
    let api = TestApp::with_contract_data().await;
    let log_in = async |client: &str, password: &str| {
        log_in_from(&api, client, "alice@contract.test", password).await.error_code()
    };

    for _ in 0..10 {
        log_in("198.51.100.1", "Wrong-pass-1").await;
    }

    assert_eq!(log_in("198.51.100.1", "Alice-pass-1").await, "1050");
    assert_eq!(log_in("192.0.2.7", "Alice-pass-1").await, json!(null));
}

#[tokio::test]
async fn addresses_claimed_by_the_caller_are_ignored() {
    let api = TestApp::with_contract_data().await;

    for n in 0..10 {
        let claimed = format!("203.0.113.{n}, 198.51.100.1");
        log_in_from(&api, &claimed, "alice@contract.test", "Wrong-pass-1").await;
    }

    let answer = log_in_from(&api, "198.51.100.1", "alice@contract.test", "Alice-pass-1").await;
    assert_eq!(answer.error_code(), "1050");
}

#[tokio::test]
async fn addresses_in_the_same_ipv6_network_count_together() {
    let api = TestApp::with_contract_data().await;

    for n in 0..10 {
        log_in_from(&api, &format!("2001:db8:0:1::{n:x}"), "alice@contract.test", "Wrong-pass-1").await;
    }

    let log_in = async |client| log_in_from(&api, client, "alice@contract.test", "Alice-pass-1").await.error_code();
    assert_eq!((log_in("2001:db8:0:1:ffff::1").await, log_in("2001:db8:0:2::1").await), (json!("1050"), json!(null)));
}

#[tokio::test]
async fn guesses_from_many_addresses_lock_out_strangers_but_not_known_clients() {
    let api = TestApp::with_contract_data().await;
    let log_in = async |client: &str, password: &str| {
        log_in_from(&api, client, "alice@contract.test", password).await.error_code()
    };
    assert_eq!(log_in("192.0.2.7", "Alice-pass-1").await, json!(null));

    log_in("198.51.100.1", "Wrong-pass-1").await;
    // hashing a hundred passwords would take too long
    execute(&api, "UPDATE wrong_password SET failures = 99 WHERE client_hash = ''").await;
    log_in("198.51.100.2", "Wrong-pass-1").await;

    assert_eq!(log_in("203.0.113.7", "Alice-pass-1").await, "1050");
    assert_eq!(log_in("192.0.2.7", "Alice-pass-1").await, json!(null));
}

#[tokio::test]
async fn a_password_set_by_the_old_service_resets_the_count() {
    let api = TestApp::with_contract_data().await;
    fail(&api, "alice@contract.test", 10).await;

    let by_the_old_service = r#"UPDATE "user" SET salt = bob.salt, password = bob.password FROM "user" AS bob
        WHERE "user".email = 'alice@contract.test' AND bob.email = 'bob@contract.test'"#;
    execute(&api, by_the_old_service).await;

    assert_eq!(api.log_in("alice@contract.test", "Bob-pass-1").await.status, 200);
}

#[tokio::test]
async fn spellings_of_an_address_count_together() {
    let api = TestApp::with_contract_data().await;

    fail(&api, "alice@contract.test", 5).await;
    fail(&api, "ALICE@contract.test", 5).await;

    assert_eq!(api.log_in("alice@contract.test", "Alice-pass-1").await.error_code(), "1050");
}

/// Returns the time of a refusal: the minimum of several, to exclude noise.
async fn least_time(api: &TestApp, name: &str) -> Duration {
    let mut least = Duration::MAX;
    for _ in 0..6 {
        let started = Instant::now();
        fail(api, &format!("{name}@contract.test"), 1).await;
        least = least.min(started.elapsed());
    }
    least
}

#[tokio::test]
#[ignore = "measures times: .ci/run has it run alone"]
async fn the_time_of_a_refusal_does_not_reveal_accounts() {
    let api = TestApp::with_contract_data().await;
    let account = least_time(&api, "alice").await;

    for stranger in ["nobody", "carol", "dave", "nopassword"] {
        let ratio = account.div_duration_f64(least_time(&api, stranger).await);
        assert!((0.95..1.05).contains(&ratio), "{stranger}: {ratio}");
    }
}

#[tokio::test]
async fn a_request_for_a_reset_takes_as_long_for_a_stranger_as_for_an_account() {
    let db = TestDb::with_contract_data().await;
    let proxy = RoundTrips::before(&db.url()).await;
    let mut round_trips = vec![];

    for email in ["alice", "nobody", "carol"] {
        // every request opens a new connection, because an idle one would be tested first
        let api = TestApp::configured(TestDb::empty().await, &[("DATABASE_URL", proxy.url())]).await;
        let started = Instant::now();
        let request = json!({"email": format!("{email}@contract.test")});
        api.post("/api/auth/reset-password-request", None, &request).await;
        assert!(started.elapsed() >= Duration::from_secs(1), "{email} is answered no sooner than others");
        round_trips.push(proxy.take());
    }

    assert!(round_trips.iter().all(|count| *count == round_trips[0]), "{round_trips:?}");
}
