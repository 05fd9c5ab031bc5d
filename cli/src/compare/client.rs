//! Sends requests to a system at a limited rate.

use std::time::{Duration, Instant};

use reqwest::header::{self, HeaderMap, HeaderName};
use reqwest::{Client, RequestBuilder, Response, Url, redirect};
use secrecy::SecretString;
use tokio::sync::Mutex;
use tokio::time::{Interval, MissedTickBehavior};

use super::answer::{Answer, Body, Reply, Silence};
use super::credentials::{Credentials, Signed};
use super::question::{Content, Question};
use crate::failure::Failure;

/// Seconds between retries while a system is overloaded, or refuses connections during a restart.
const RETRY_DELAYS: [u64; 5] = [1, 2, 4, 8, 16];
/// Maximum seconds of a `Retry-After` to wait.
const MAX_RETRY_AFTER_SECONDS: u64 = 30;

/// Separator of a form's parts.
const BOUNDARY: &str = "----augmed-compare";

/// One of the two systems.
pub struct System {
    client: Client,
    /// Without a trailing slash.
    base: String,
    pace: Mutex<Interval>,
}

/// Result and duration of one request.
struct Sent {
    response: reqwest::Result<Response>,
    started: Instant,
}

impl System {
    /// Checks the address, without sending a request.
    pub fn new(url: &str, requests_per_second: f64, timeout: Duration) -> Result<Self, Failure> {
        let client = Client::builder().timeout(timeout).redirect(redirect::Policy::none()).build();
        let client = client.map_err(|error| Failure::new(format!("no HTTP client: {error}")))?;
        let mut pace = tokio::time::interval(Duration::from_secs_f64(1.0 / requests_per_second));
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self { client, base: base(url)?, pace: Mutex::new(pace) })
    }

    /// Sends a request, and retries while the system is overloaded or restarting. Returns the response and the duration of the last
    /// request. Only for requests that change nothing: if the connection broke, the request may have been executed.
    pub async fn ask(&self, question: &Question, credentials: &Credentials) -> (Reply, Duration) {
        for pause in RETRY_DELAYS.map(Duration::from_secs) {
            let signed = credentials.sign(&question.caller);
            let sent = self.send(question, &signed).await;
            let Some(at_least) = sent.wait() else { return sent.read(&signed, credentials).await };
            tokio::time::sleep(at_least.max(pause)).await;
        }
        self.ask_once(question, credentials).await
    }

    /// Sends a request once.
    pub async fn ask_once(&self, question: &Question, credentials: &Credentials) -> (Reply, Duration) {
        let signed = credentials.sign(&question.caller);
        self.send(question, &signed).await.read(&signed, credentials).await
    }

    /// Sends a request once, and also returns the response's token.
    pub async fn ask_for_token(
        &self,
        question: &Question,
        credentials: &Credentials,
    ) -> (Reply, Option<SecretString>, Duration) {
        let signed = credentials.sign(&question.caller);
        let sent = self.send(question, &signed).await;
        let token = sent.response.as_ref().ok().and_then(|response| bearer(response.headers()).map(SecretString::from));
        let (reply, took) = sent.read(&signed, credentials).await;
        (reply, token, took)
    }

    async fn send(&self, question: &Question, signed: &Signed) -> Sent {
        self.pace.lock().await.tick().await;
        let url = format!("{}{}", self.base, question.path);
        let method = question.method.parse().unwrap_or(reqwest::Method::GET);
        let request = self.client.request(method, url).header(header::ACCEPT, question.accepts.media_type());
        let request = with_content(signed.put_into(request), question.content.as_ref());
        let started = Instant::now();
        Sent { response: request.send().await, started }
    }
}

fn base(url: &str) -> Result<String, Failure> {
    let parsed = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let Some(parsed) = parsed else {
        let problem = format!("{url} is not the address of a system");
        return Err(Failure::usage(problem).with_remedy("such as http://10.0.3.7:5000"));
    };
    // the address appears in the journal and the report
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err(Failure::usage("the address of a system must not contain a user or a password"));
    }
    Ok(url.trim_end_matches('/').to_owned())
}

impl Sent {
    /// Returns how long to wait before a retry, or `None` for a response, and for a request that timed out.
    fn wait(&self) -> Option<Duration> {
        match &self.response {
            Ok(response) if matches!(response.status().as_u16(), 429 | 502..=504) => {
                let seconds = text(response.headers(), &header::RETRY_AFTER).parse().unwrap_or(0);
                Some(Duration::from_secs(u64::min(seconds, MAX_RETRY_AFTER_SECONDS)))
            }
            Ok(_) => None,
            // a restarting system refuses connections, and closes existing ones
            Err(error) => (error.is_connect() || error.is_request() && !error.is_timeout()).then_some(Duration::ZERO),
        }
    }

    async fn read(self, signed: &Signed, credentials: &Credentials) -> (Reply, Duration) {
        let reply = match self.response {
            Ok(response) => read(response, signed, credentials).await,
            Err(error) => Err(error),
        };
        (reply.map_err(|error| silence(&error)), self.started.elapsed())
    }
}

async fn read(response: Response, signed: &Signed, credentials: &Credentials) -> reqwest::Result<Answer> {
    let status = response.status().as_u16();
    let headers = response.headers();
    let media_type = text(headers, &header::CONTENT_TYPE).split(';').next().unwrap_or_default().trim().to_owned();
    let disposition = text(headers, &header::CONTENT_DISPOSITION).to_owned();
    let added = |method: &&str| !matches!(*method, "" | "HEAD" | "OPTIONS");
    let methods = text(headers, &header::ALLOW).split(',').map(str::trim).filter(added).map(str::to_owned).collect();
    let token = credentials.compare(signed, bearer(headers));
    let bytes = response.bytes().await?;
    let body = match serde_json::from_slice(&bytes) {
        Ok(body) if media_type == "application/json" => Body::Json(body),
        _ => Body::Text(String::from_utf8_lossy(&bytes).into_owned()),
    };
    Ok(Answer { disposition, methods, token, ..Answer::new(status, &media_type, body) })
}

/// Returns the token of a response, as the frontend reads it (contract section 8).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    text(headers, &header::AUTHORIZATION).split(' ').nth(1)
}

fn with_content(request: RequestBuilder, content: Option<&Content>) -> RequestBuilder {
    match content {
        None => request,
        Some(Content::Json(body)) => request.header(header::CONTENT_TYPE, "application/json").body(body.to_string()),
        Some(Content::Csv(file)) => {
            let head =
                "Content-Disposition: form-data; name=\"file\"; filename=\"assignments.csv\"\r\nContent-Type: text/csv";
            let body = format!("--{BOUNDARY}\r\n{head}\r\n\r\n{file}\r\n--{BOUNDARY}--\r\n");
            request.header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}")).body(body)
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use super::base;

    #[test]
    fn an_address_is_an_http_url_without_a_password() {
        assert_eq!(base("http://10.0.3.7:5000/").unwrap(), "http://10.0.3.7:5000");
        for url in ["10.0.3.7:5000", "ftp://old.test", "http://user:password@old.test", "http://"] {
            assert!(base(url).is_err(), "{url}");
        }
    }
}
