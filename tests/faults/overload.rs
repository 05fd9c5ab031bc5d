//! More than there is room for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tests::durable_postgres::Postgres;
use tests::process::memory;
use tests::secrets;
use tests::server_process::Server;
use tests::unreliable_network::{UnreliableNetwork, Upstream};
use tokio::task::JoinSet;

use crate::attempts::{Attempt, percentile, statuses};
use crate::study;

/// One connection to a database that is ten milliseconds away sets the pace, whatever the machine: what is to be seen is the queue
/// before it.
const DISTANCE: Duration = Duration::from_millis(10);
const SUSTAINABLE: Duration = Duration::from_secs(4);
const OVERLOAD: Duration = Duration::from_secs(60);
/// What an admitted request may take; a browser waits for five seconds.
const IN_TIME: Duration = Duration::from_secs(4);
/// What the refusal of any other may take.
const AT_ONCE: Duration = Duration::from_secs(1);
const MOST_MEMORY: u64 = 250;
/// Characters of every twentieth request in the flood, which hands in an answer.
const LARGE: usize = 100_000;
/// A server is back to normal when this many requests, one after the other, take no more than twice what they took before.
const ENOUGH: usize = 20;
/// So many times as long may a review take during a storm of logins, which have a core and more.
const SLOWER: u32 = 4;

struct Api {
    server: Server,
    http: reqwest::Client,
    token: String,
    network: UnreliableNetwork,
    // what is behind it
    _postgres: Postgres,
}

impl Api {
    async fn start(connections: &str) -> Arc<Self> {
        let postgres = Postgres::start().await;
        study::load(&postgres.url()).await;
        let network = UnreliableNetwork::before(Upstream::of_database(&postgres.url())).await;
        // at info, as it is deployed: what is measured is not to be its log
        let variables = [("DATABASE_MAX_CONNECTIONS", connections), ("RUST_LOG", "info")];
        let url = network.url(&postgres.url());
        let server = Server::start_with(&url, &variables).await;
        let token = study::tokens(&url).tokens.issue(&study::address(1), false, chrono::Utc::now()).unwrap();
        let http = reqwest::Client::builder().timeout(Duration::from_secs(20)).build().unwrap();
        Arc::new(Self { server, http, token, network, _postgres: postgres })
    }

    async fn review(&self) -> Attempt {
        let path = format!("http://{}/api/case-reviews/p1-1", self.server.address);
        attempt(self.http.get(path).bearer_auth(&self.token)).await
    }

    /// An answer of so many characters, which has the most memory when it is read.
    async fn hand_in(&self, n: u32, characters: usize) -> Attempt {
        let path = format!("http://{}/api/answer/p1-{}", self.server.address, n % study::ASSIGNMENTS + 1);
        let answer = format!("[0{}]", ",0".repeat(characters / 2));
        let body = format!(r#"{{"answer": {answer}, "answerConfigId": "{}"}}"#, study::QUESTIONNAIRE);
        let request = self.http.post(path).bearer_auth(&self.token).header("content-type", "application/json");
        attempt(request.body(body)).await
    }

    /// Some requests, one after the other.
    async fn enough(&self) -> Vec<Attempt> {
        let mut attempts = Vec::new();
        for _ in 0..ENOUGH {
            attempts.push(self.review().await);
        }
        attempts
    }

    /// How long it takes until requests take what they took `before`, more or less.
    async fn back_to_normal(&self, before: &[Attempt]) -> Duration {
        let began = Instant::now();
        loop {
            let now = self.enough().await;
            if now.iter().all(Attempt::succeeded) && percentile(&now, 95) < 2 * percentile(before, 95) {
                return now[0].began - began;
            }
            assert!(began.elapsed() < Duration::from_secs(30), "it does not come back: {:.2?}", percentile(&now, 95));
        }
    }

    async fn log_in(&self, n: usize) -> Attempt {
        let path = format!("http://{}/api/auth/login", self.server.address);
        let body = json!({"email": format!("stranger{n}@contract.test"), "password": "Wrong-pass-1"});
        attempt(self.http.post(path).header("content-type", "application/json").body(body.to_string())).await
    }

    /// So many readers, one request after the other.
    async fn reviews(self: &Arc<Self>, readers: usize, during: Duration) -> Vec<Attempt> {
        let (until, mut running) = (Instant::now() + during, JoinSet::new());
        for _ in 0..readers {
            let api = self.clone();
            running.spawn(async move {
                let mut attempts = Vec::new();
                while Instant::now() < until {
                    attempts.push(api.review().await);
                }
                attempts
            });
        }
        running.join_all().await.into_iter().flatten().collect()
    }

    /// So many requests a second, whatever becomes of them; every twentieth hands in a large answer.
    async fn flood(self: &Arc<Self>, per_second: f64, during: Duration) -> Vec<Attempt> {
        let (began, mut sent, mut running) = (Instant::now(), 0_u32, JoinSet::new());
        while began.elapsed() < during {
            while f64::from(sent) < began.elapsed().as_secs_f64() * per_second {
                let (api, n) = (self.clone(), sent);
                running.spawn(async move {
                    if n.is_multiple_of(20) { api.hand_in(n / 20, LARGE).await } else { api.review().await }
                });
                sent += 1;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        running.join_all().await
    }
}

/// 503 with `Retry-After`, 200 and business errors are answers; anything else is no status.
async fn attempt(request: reqwest::RequestBuilder) -> Attempt {
    let began = Instant::now();
    let answer = async {
        let response = request.send().await.ok()?;
        let (status, says_when) = (response.status().as_u16(), response.headers().contains_key("retry-after"));
        secrets::look_at_answer(status, &response.bytes().await.ok()?);
        (status != 503 || says_when).then_some(status)
    };
    let status = answer.await;
    Attempt { began, took: began.elapsed(), status }
}

#[expect(clippy::cast_precision_loss, reason = "some thousands")]
pub async fn what_is_taken_on_is_answered_in_time_and_the_rest_is_told_to_come_back() {
    let api = Api::start("1").await;
    api.network.delay(DISTANCE);
    let before = api.enough().await;
    let calm = api.reviews(10, SUSTAINABLE).await;
    let rate = calm.len() as f64 / SUSTAINABLE.as_secs_f64();
    println!(
        "\n  sustained: {rate:.0} requests/s, p99 {:.2?}, memory {:?} MB (now, peak)",
        percentile(&calm, 99),
        memory(api.server.pid())
    );

    let flooded = api.flood(rate * 10.0, OVERLOAD).await;
    let memory = memory(api.server.pid());
    let back = api.back_to_normal(&before).await;

    let (admitted, refused): (Vec<_>, Vec<_>) = flooded.iter().cloned().partition(Attempt::succeeded);
    println!(
        "  ten times that: {:?}, answered {:.0}/s",
        statuses(&flooded),
        admitted.len() as f64 / OVERLOAD.as_secs_f64()
    );
    println!(
        "  admitted p50 {:.2?} p99 {:.2?}, refused p50 {:.2?} p99 {:.2?}",
        percentile(&admitted, 50),
        percentile(&admitted, 99),
        percentile(&refused, 50),
        percentile(&refused, 99)
    );
    println!("  memory {memory:?} MB (now, peak), p95 of {:.2?} again after {back:.2?}\n", percentile(&before, 95));
    assert!(calm.iter().all(Attempt::succeeded), "{:?}", statuses(&calm));
    assert!(refused.iter().all(|attempt| attempt.status == Some(503)), "{:?}", statuses(&refused));
    assert!(admitted.len() as f64 > rate * OVERLOAD.as_secs_f64() / 2.0, "as much is answered as before");
    assert!(percentile(&admitted, 99) < IN_TIME && percentile(&refused, 99) < AT_ONCE);
    assert!(memory.1 < MOST_MEMORY && back < Duration::from_secs(5));
}

/// Everybody who is let in hands in the largest answer there is, and the database does not answer. Kept as a tree, each would have
/// sixteen MB and more.
pub async fn the_largest_answers_at_once_do_not_fill_the_memory() {
    const PLACES: u32 = 32;
    let api = Api::start("1").await;
    let (calm, before) = (api.enough().await, memory(api.server.pid()));
    api.network.stall(true);

    let mut running = JoinSet::new();
    for n in 0..PLACES + 10 {
        let api = api.clone();
        running.spawn(async move { api.hand_in(n, 1_048_000).await });
    }
    let answers = running.join_all().await;
    let after = memory(api.server.pid());
    api.network.stall(false);
    let back = api.back_to_normal(&calm).await;

    println!("\n  {:?}, p99 {:.2?}", statuses(&answers), percentile(&answers, 99));
    println!("  memory {before:?}, then {after:?} MB (now, peak), back after {back:.2?}\n");
    assert!(answers.iter().all(|attempt| attempt.status == Some(503)), "{:?}", statuses(&answers));
    assert!(after.1 < MOST_MEMORY);
}

pub async fn a_login_storm_does_not_slow_down_those_who_are_in() {
    let api = Api::start("10").await;
    let calm = api.reviews(4, Duration::from_secs(3)).await;

    let is_over = Arc::new(AtomicBool::new(false));
    let mut storm = JoinSet::new();
    for n in 0..100 {
        let (api, is_over) = (api.clone(), is_over.clone());
        storm.spawn(async move {
            let mut attempts = Vec::new();
            while !is_over.load(Ordering::Relaxed) {
                attempts.push(api.log_in(n).await);
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
            attempts
        });
    }
    let during = api.reviews(4, Duration::from_secs(10)).await;
    is_over.store(true, Ordering::Relaxed);
    let logins: Vec<_> = storm.join_all().await.into_iter().flatten().collect();

    println!(
        "\n  reviews: p50 {:.2?} p95 {:.2?}; during the storm p50 {:.2?} p95 {:.2?}",
        percentile(&calm, 50),
        percentile(&calm, 95),
        percentile(&during, 50),
        percentile(&during, 95)
    );
    println!(
        "  logins: {:?}, p95 {:.2?}, memory {:?} MB (now, peak)\n",
        statuses(&logins),
        percentile(&logins, 95),
        memory(api.server.pid())
    );
    assert!(during.iter().all(Attempt::succeeded), "{:?}", statuses(&during));
    assert!(percentile(&during, 50) < SLOWER * percentile(&calm, 50), "reviews are slowed down");
    assert!(percentile(&during, 95) < SLOWER * percentile(&calm, 95), "some reviews are slowed down");
    // 500 is the business error of an unknown address
    assert!(logins.iter().all(|attempt| matches!(attempt.status, Some(500 | 503))), "{:?}", statuses(&logins));
}
