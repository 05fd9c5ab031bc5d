//! More requests than the server admits.

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

/// One connection to a database that is ten milliseconds away limits the throughput on any machine, so that the queue in front of it
/// is what is tested.
const DATABASE_LATENCY: Duration = Duration::from_millis(10);
const CALM: Duration = Duration::from_secs(4);
const OVERLOAD: Duration = Duration::from_secs(60);
/// Maximum duration of an admitted request; a browser waits for five seconds.
const MAX_ADMITTED: Duration = Duration::from_secs(4);
/// Maximum duration of a refusal.
const MAX_REFUSAL: Duration = Duration::from_secs(1);
const MAX_MEMORY_MB: u64 = 250;
/// Characters of the answers in the flood: every twentieth request is one.
const LARGE_ANSWER: usize = 100_000;
/// Number of consecutive requests that show whether the server has recovered: their p95 is below twice that before.
const SAMPLE: usize = 20;
/// Maximum factor by which a review may take longer during a storm of logins, which use more than a core.
const MAX_SLOWDOWN: u32 = 4;

struct Api {
    server: Server,
    http: reqwest::Client,
    token: String,
    network: UnreliableNetwork,
    _postgres: Postgres,
}

impl Api {
    async fn start(connections: &str) -> Arc<Self> {
        let postgres = Postgres::start().await;
        study::load(&postgres.url()).await;
        let network = UnreliableNetwork::before(Upstream::of_database(&postgres.url())).await;
        // at info, as when deployed, so that logging does not dominate the measurement
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

    /// Sends an answer of this many characters, in the form that takes the most memory when it is parsed.
    async fn submit(&self, n: u32, characters: usize) -> Attempt {
        let path = format!("http://{}/api/answer/p1-{}", self.server.address, n % study::ASSIGNMENTS + 1);
        let answer = format!("[0{}]", ",0".repeat(characters / 2));
        let body = format!(r#"{{"answer": {answer}, "answerConfigId": "{}"}}"#, study::QUESTIONNAIRE);
        let request = self.http.post(path).bearer_auth(&self.token).header("content-type", "application/json");
        attempt(request.body(body)).await
    }

    /// Sends [`SAMPLE`] requests, one after the other.
    async fn sample(&self) -> Vec<Attempt> {
        let mut attempts = Vec::new();
        for _ in 0..SAMPLE {
            attempts.push(self.review().await);
        }
        attempts
    }

    /// Returns the time until requests are about as fast as `before`.
    async fn time_to_recover(&self, before: &[Attempt]) -> Duration {
        let began = Instant::now();
        loop {
            let now = self.sample().await;
            if now.iter().all(Attempt::succeeded) && percentile(&now, 95) < 2 * percentile(before, 95) {
                return now[0].began - began;
            }
            assert!(began.elapsed() < Duration::from_secs(30), "it does not recover: {:.2?}", percentile(&now, 95));
        }
    }

    async fn log_in(&self, n: usize) -> Attempt {
        let path = format!("http://{}/api/auth/login", self.server.address);
        let body = json!({"email": format!("stranger{n}@contract.test"), "password": "Wrong-pass-1"});
        attempt(self.http.post(path).header("content-type", "application/json").body(body.to_string())).await
    }

    /// Runs concurrent readers, each with one request after the other.
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

    /// Sends requests at a fixed rate, regardless of the responses. Every twentieth is a large answer.
    async fn flood(self: &Arc<Self>, per_second: f64, during: Duration) -> Vec<Attempt> {
        let (began, mut sent, mut running) = (Instant::now(), 0_u32, JoinSet::new());
        while began.elapsed() < during {
            while f64::from(sent) < began.elapsed().as_secs_f64() * per_second {
                let (api, n) = (self.clone(), sent);
                running.spawn(async move {
                    if n.is_multiple_of(20) { api.submit(n / 20, LARGE_ANSWER).await } else { api.review().await }
                });
                sent += 1;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        running.join_all().await
    }
}

/// Sends a request. The status is `None` for a 503 without `Retry-After`, and without a complete response.
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
pub async fn under_overload_admitted_requests_are_fast_and_the_rest_get_retry_after() {
    let api = Api::start("1").await;
    api.network.delay(DATABASE_LATENCY);
    let before = api.sample().await;
    let calm = api.reviews(10, CALM).await;
    let rate = calm.len() as f64 / CALM.as_secs_f64();
    println!(
        "\n  sustained: {rate:.0} requests/s, p99 {:.2?}, memory {:?} MB (now, peak)",
        percentile(&calm, 99),
        memory(api.server.pid())
    );

    let flooded = api.flood(rate * 10.0, OVERLOAD).await;
    let memory = memory(api.server.pid());
    let back = api.time_to_recover(&before).await;

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
    assert!(admitted.len() as f64 > rate * OVERLOAD.as_secs_f64() / 2.0, "less is answered than before");
    assert!(percentile(&admitted, 99) < MAX_ADMITTED && percentile(&refused, 99) < MAX_REFUSAL);
    assert!(memory.1 < MAX_MEMORY_MB && back < Duration::from_secs(5));
}

/// All admitted requests are answers of maximum size, and the database does not respond. As a parsed tree, each would take sixteen MB
/// or more.
pub async fn the_largest_concurrent_answers_stay_within_the_memory_limit() {
    const PLACES: u32 = 32;
    let api = Api::start("1").await;
    let (calm, before) = (api.sample().await, memory(api.server.pid()));
    api.network.stall(true);

    let mut running = JoinSet::new();
    for n in 0..PLACES + 10 {
        let api = api.clone();
        running.spawn(async move { api.submit(n, 1_048_000).await });
    }
    let answers = running.join_all().await;
    let after = memory(api.server.pid());
    api.network.stall(false);
    let back = api.time_to_recover(&calm).await;

    println!("\n  {:?}, p99 {:.2?}", statuses(&answers), percentile(&answers, 99));
    println!("  memory {before:?}, then {after:?} MB (now, peak), back after {back:.2?}\n");
    assert!(answers.iter().all(|attempt| attempt.status == Some(503)), "{:?}", statuses(&answers));
    assert!(after.1 < MAX_MEMORY_MB);
}

pub async fn a_login_storm_does_not_slow_down_logged_in_participants() {
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
    assert!(percentile(&during, 50) < MAX_SLOWDOWN * percentile(&calm, 50), "reviews are slowed down");
    assert!(percentile(&during, 95) < MAX_SLOWDOWN * percentile(&calm, 95), "some reviews are slowed down");
    // 500 is the business error of an unknown address
    assert!(logins.iter().all(|attempt| matches!(attempt.status, Some(500 | 503))), "{:?}", statuses(&logins));
}
