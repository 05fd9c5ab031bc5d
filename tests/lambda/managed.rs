//! Lambda Managed Instances: a process of a function handles concurrent requests.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use local::load_balancer::LoadBalancer;
use tests::db::TestDb;
use tests::deployed;

/// The limit of `Admission::Mail`.
const MAX_CONCURRENT_MAILS: usize = 64;

/// A business error (contract, section 3).
const NO_SUCH_ACCOUNT: u16 = 500;

/// Sends concurrent requests for a reset mail to an unknown address. Each response is delayed by three seconds. Returns their statuses.
async fn ask_for_mail(load_balancer: &LoadBalancer, requests: usize) -> Vec<u16> {
    let url = format!("http://{}/api/auth/reset-password-request", load_balancer.address());
    let client = reqwest::Client::new();
    let ask = |number| client.post(&url).json(&serde_json::json!({ "email": format!("p{number}@study.test") })).send();
    join_all((0..requests).map(ask)).await.into_iter().map(|answer| answer.unwrap().status().as_u16()).collect()
}

#[tokio::test]
async fn one_process_handles_concurrent_requests() {
    let db = TestDb::new().await;
    let load_balancer = deployed::start_managed(&db.url(), 8).await;
    assert_eq!(ask_for_mail(&load_balancer, 1).await, [NO_SUCH_ACCOUNT]);

    let began = Instant::now();
    let statuses = ask_for_mail(&load_balancer, 8).await;

    assert_eq!(statuses, [NO_SUCH_ACCOUNT; 8]);
    assert!(began.elapsed() < Duration::from_secs(12), "sequential requests take 24 seconds");
    assert_eq!(load_balancer.function("auth-reset-password-request").unwrap().processes().len(), 1);
    load_balancer.stop().await;
}

#[tokio::test]
async fn a_busy_process_refuses_requests_like_the_container() {
    let db = TestDb::new().await;
    let load_balancer = deployed::start_managed(&db.url(), 100).await;

    // on a slow machine the first requests miss their deadline, because each opens a connection
    let (expected, mut rounds) = ((MAX_CONCURRENT_MAILS, 16), Vec::new());
    while rounds.len() < 5 && !rounds.contains(&expected) {
        let statuses = ask_for_mail(&load_balancer, MAX_CONCURRENT_MAILS + 16).await;
        let count = |wanted| statuses.iter().filter(|status| **status == wanted).count();
        rounds.push((count(NO_SUCH_ACCOUNT), count(503)));
    }

    assert!(rounds.contains(&expected), "{rounds:?}");
    load_balancer.stop().await;
}

#[tokio::test]
async fn a_process_opens_no_more_connections_than_it_has_requests() {
    let db = TestDb::with_contract_data().await;
    let load_balancer = deployed::start_managed(&db.url(), 3).await;
    let url = format!("http://{}/api/config/answer", load_balancer.address());
    let client = reqwest::Client::new();

    let answers = join_all((0..30).map(|_| client.get(&url).send())).await;

    assert!(answers.iter().all(|answer| answer.as_ref().unwrap().status() == 200));
    let all = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()";
    let all: i64 = sqlx::query_scalar(all).fetch_one(&db.pool).await.unwrap();
    let opened = all - i64::from(db.pool.size());
    assert!((1..=3).contains(&opened), "{opened} connections");
    load_balancer.stop().await;
}
