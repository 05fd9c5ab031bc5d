//! Puts questions to a system, no faster than it survives.

use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use reqwest::{Client, RequestBuilder, Response, StatusCode, header, redirect};
use secrecy::{ExposeSecret as _, SecretString};
use shared::App;
use tokio::sync::Mutex;
use tokio::time::{Interval, MissedTickBehavior};

use super::answer::{Answer, Body, Reply, Silence};
use super::question::{Caller, Question};
use crate::failure::Failure;

/// An answer that takes longer is none.
const PATIENCE: Duration = Duration::from_secs(60);
/// So often a question is repeated that a system is too busy for.
const BUSY: usize = 5;

/// What the requests of both systems have in common: keys, of which none is stored or printed.
pub struct Credentials {
    app: App,
    export_key: Option<SecretString>,
    admin_key: Option<SecretString>,
}

impl Credentials {
    pub fn new(app: App, export_key: Option<SecretString>, admin_key: Option<SecretString>) -> Self {
        Self { app, export_key, admin_key }
    }

    fn sign(&self, request: RequestBuilder, caller: &Caller) -> RequestBuilder {
        let keyed = |request: RequestBuilder, key: &Option<SecretString>| match key {
            Some(key) => request.header("x-api-key", key.expose_secret()),
            None => request,
        };
        match caller {
            Caller::Nobody => request,
            Caller::Participant(email) => request.bearer_auth(self.token(email, TimeDelta::zero())),
            Caller::Expired(email) => request.bearer_auth(self.token(email, TimeDelta::days(365))),
            Caller::Forged(email) => request.bearer_auth(forged(&self.token(email, TimeDelta::zero()))),
            Caller::Garbage => request.bearer_auth("no-token"),
            Caller::ExportKey => keyed(request, &self.export_key),
            Caller::AdminKey => keyed(request, &self.admin_key),
        }
    }

    /// A token that was issued so long ago.
    fn token(&self, email: &str, ago: TimeDelta) -> String {
        // signing with HMAC cannot fail; without a token both systems would refuse alike, and the report would say so
        self.app.tokens.issue(email, Utc::now() - ago).unwrap_or_default()
    }
}

/// The same token with another signature.
fn forged(token: &str) -> String {
    let (signed, signature) = token.rsplit_once('.').unwrap_or((token, ""));
    format!("{signed}.{}", signature.chars().rev().collect::<String>())
}

/// One of the two systems.
pub struct System {
    client: Client,
    /// Without a slash at its end.
    base: String,
    pace: Mutex<Interval>,
}

impl System {
    /// Checks the address; no request is sent yet.
    pub fn new(url: &str, requests_per_second: f64) -> Result<Self, Failure> {
        let base = url.trim_end_matches('/').to_owned();
        let is_http = base.starts_with("http://") || base.starts_with("https://");
        if !is_http || reqwest::Url::parse(&base).is_err() {
            return Err(
                Failure::usage(format!("{url} is no address of a system")).with_remedy("such as http://10.0.3.7:5000")
            );
        }
        let client = Client::builder().timeout(PATIENCE).redirect(redirect::Policy::none()).build();
        let client = client.map_err(|error| Failure::new(format!("no HTTP client: {error}")))?;
        let mut pace = tokio::time::interval(Duration::from_secs_f64(1.0 / requests_per_second));
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self { client, base, pace: Mutex::new(pace) })
    }

    /// Puts a question; the answer, and how long it took.
    pub async fn ask(&self, question: &Question, credentials: &Credentials) -> (Reply, Duration) {
        for _ in 1..BUSY {
            let (response, took) = self.send(question, credentials).await;
            match response {
                Ok(response) if response.status() == StatusCode::SERVICE_UNAVAILABLE => {
                    tokio::time::sleep(retry_after(&response)).await;
                }
                response => return finish(response, took).await,
            }
        }
        let (response, took) = self.send(question, credentials).await;
        finish(response, took).await
    }

    async fn send(&self, question: &Question, credentials: &Credentials) -> (reqwest::Result<Response>, Instant) {
        self.pace.lock().await.tick().await;
        let url = format!("{}{}", self.base, question.path);
        let method = question.method.parse().unwrap_or(reqwest::Method::GET);
        let request = self.client.request(method, url).header(header::ACCEPT, question.accepts.media_type());
        let started = Instant::now();
        (credentials.sign(request, &question.caller).send().await, started)
    }
}

fn retry_after(response: &Response) -> Duration {
    let seconds = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
    Duration::from_secs(seconds.unwrap_or(1).clamp(1, 30))
}

async fn finish(response: reqwest::Result<Response>, started: Instant) -> (Reply, Duration) {
    let reply = match response {
        Ok(response) => read(response).await,
        Err(error) => Err(error),
    };
    (reply.map_err(|error| silence(&error)), started.elapsed())
}

async fn read(response: Response) -> reqwest::Result<Answer> {
    let status = response.status().as_u16();
    let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let media_type = text(header::CONTENT_TYPE).split(';').next().unwrap_or_default().trim().to_owned();
    let has_token = text(header::AUTHORIZATION).split(' ').nth(1).is_some_and(|token| !token.is_empty());
    let bytes = response.bytes().await?;
    let body = match serde_json::from_slice(&bytes) {
        Ok(body) if media_type == "application/json" => Body::Json(body),
        _ => Body::Text(String::from_utf8_lossy(&bytes).into_owned()),
    };
    Ok(Answer { status, media_type, has_token, body })
}

fn silence(error: &reqwest::Error) -> Silence {
    if error.is_connect() {
        Silence::Unreachable
    } else if error.is_timeout() {
        Silence::TooSlow
    } else {
        Silence::Broken
    }
}
