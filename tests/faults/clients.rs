//! Participants who answer one case after the other, and record what the API has acknowledged.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use tests::secrets::{self, ANSWER};
use tokio::task::JoinSet;

use crate::attempts::Attempt;
use crate::study::{self, ASSIGNMENTS, PARTICIPANTS, QUESTIONNAIRE};

/// The time that a participant reads, and the time before a retry.
const PAUSE: Duration = Duration::from_millis(200);
/// Longer than a response may take, so that responses that take too long are seen.
const TIMEOUT: Duration = Duration::from_secs(20);

/// An answer that the API has acknowledged.
#[derive(Clone, Debug)]
pub struct Acknowledged {
    pub participant: u32,
    pub case: u32,
    pub answer: i32,
    /// `None` if the test ended between the two requests.
    pub timing: Option<i32>,
}

/// All requests, and all acknowledged answers.
#[derive(Default)]
pub struct Seen {
    pub attempts: Vec<Attempt>,
    pub acknowledged: Vec<Acknowledged>,
}

pub struct Clients {
    running: JoinSet<Seen>,
    is_over: Arc<AtomicBool>,
}

struct Client {
    participant: u32,
    base: String,
    token: String,
    http: reqwest::Client,
    is_over: Arc<AtomicBool>,
    seen: Seen,
}

impl Clients {
    /// Starts the participants; every fourth uses the functions.
    pub fn start(functions: SocketAddr, container: SocketAddr, api: &shared::App) -> Self {
        let mut clients = Self { running: JoinSet::new(), is_over: Arc::default() };
        for participant in 1..=PARTICIPANTS {
            let client = Client {
                participant,
                base: format!("http://{}", if participant.is_multiple_of(4) { functions } else { container }),
                token: api.tokens.issue(&study::address(participant), false, chrono::Utc::now()).unwrap(),
                http: reqwest::Client::builder().timeout(TIMEOUT).build().unwrap(),
                is_over: clients.is_over.clone(),
                seen: Seen::default(),
            };
            clients.running.spawn(client.work());
        }
        clients
    }

    /// Lets them finish their requests.
    pub async fn stop(self) -> Seen {
        self.is_over.store(true, Ordering::Relaxed);
        let mut all = Seen::default();
        for seen in self.running.join_all().await {
            assert!(!seen.acknowledged.is_empty(), "a participant without an acknowledged answer");
            all.attempts.extend(seen.attempts);
            all.acknowledged.extend(seen.acknowledged);
        }
        all
    }
}

/// Returns the body of an answer, which is unique to the case.
pub fn answer(participant: u32, case: u32) -> Value {
    json!({"Why?": format!("{ANSWER} {participant} {case}")})
}

/// Asserts that the service's errors have the envelope, and a 503 `Retry-After`. A 502 comes from the load balancer.
fn assert_error_is_well_formed(status: u16, headers: &HeaderMap, body: &[u8]) {
    secrets::look_at_answer(status, body);
    let error = serde_json::from_slice::<Value>(body).unwrap_or_default()["error"].take();
    let is_envelope = !error["code"].is_null() && error["message"].is_string();
    assert!(status < 500 || status == 502 || is_envelope, "{status}: {}", String::from_utf8_lossy(body));
    assert!(status != 503 || headers.contains_key("retry-after"), "a 503 without Retry-After");
}

impl Client {
    async fn work(mut self) -> Seen {
        for case in 1..=ASSIGNMENTS {
            let task = study::assignment(self.participant, case);
            let body = json!({"answer": answer(self.participant, case), "answerConfigId": QUESTIONNAIRE});
            let Some(id) = self.until_acknowledged(&format!("/api/answer/{task}"), &body).await else { break };
            let timing = json!({
                "caseConfigId": task, "caseOpenTime": "2026-03-02T08:00:00.0Z",
                "answerOpenTime": "2026-03-02T08:01:00.0Z", "answerSubmitTime": "2026-03-02T08:02:00.0Z"});
            let timing = self.until_acknowledged("/api/analytics", &timing).await;
            self.seen.acknowledged.push(Acknowledged { participant: self.participant, case, answer: id, timing });
            tokio::time::sleep(PAUSE).await;
        }
        self.seen
    }

    /// Repeats the request until it succeeds. Returns the id, or `None` at the end of the test.
    async fn until_acknowledged(&mut self, path: &str, body: &Value) -> Option<i32> {
        while !self.is_over.load(Ordering::Relaxed) {
            if let Some(id) = self.attempt(path, body).await {
                return Some(id);
            }
            tokio::time::sleep(PAUSE).await;
        }
        None
    }

    async fn attempt(&mut self, path: &str, body: &Value) -> Option<i32> {
        let request = self.http.post(format!("{}{path}", self.base)).bearer_auth(&self.token);
        let request = request.header("content-type", "application/json").body(body.to_string());
        let began = Instant::now();
        let answer = async {
            let response = request.send().await?;
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let body = response.bytes().await?;
            assert_error_is_well_formed(status, &headers, &body);
            Ok::<_, reqwest::Error>((status, body))
        };
        let answer = answer.await.ok();
        let status = answer.as_ref().map(|(status, _)| *status);
        let attempt = Attempt { began, took: began.elapsed(), status };
        let acknowledged = attempt.succeeded();
        self.seen.attempts.push(attempt);
        let (_, body) = answer.filter(|_| acknowledged)?;
        let body: Value = serde_json::from_slice(&body).unwrap();
        Some(body["data"]["id"].as_i64().unwrap().try_into().unwrap())
    }
}
