//! Systems on sockets: one that answers as the old one was recorded, and any router.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::header;
use serde_json::Value;
use tests::app::{API_KEY, TestApp};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

/// Areas whose recordings begin with reads.
const AREAS: [&str; 8] =
    ["health", "cases", "answer_config", "export", "experiments", "admin_users", "cross_cutting", "auth"];

/// A system at an address, for as long as the test runs.
pub struct Address {
    pub url: String,
}

/// Serves `router` on a free port.
pub async fn serve(router: Router) -> Address {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, router).into_future());
    Address { url }
}

/// Who asks: as much as a recording tells.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Asking {
    Nobody,
    Key,
    BadToken,
    Account(String),
}

/// The old system, as far as it was recorded over the data of the contract. What was not recorded is answered by the new system.
pub struct Recorded {
    answers: HashMap<(String, String, Asking), Value>,
    api: shared::App,
    otherwise: Router,
}

impl Recorded {
    /// Reads the recordings of tests/fixtures/contract.
    pub fn over(api: &TestApp) -> Self {
        let mut answers = HashMap::new();
        let addresses = fixture("accounts.json");
        for area in AREAS {
            let recorded = fixture(&format!("recorded/{area}.json"));
            for scenario in fixture(&format!("cases/{area}.json")).as_array().unwrap() {
                // what follows a write or a statement is about other data
                let reads = |step: &&Value| step["method"] == "GET" || step["method"] == "HEAD";
                for step in scenario["steps"].as_array().unwrap().iter().take_while(reads) {
                    let answer = &recorded[scenario["name"].as_str().unwrap()][step["name"].as_str().unwrap()];
                    if let Some(asking) = Asking::recorded(step, &addresses) {
                        let text = |field: &str| step[field].as_str().unwrap().to_owned();
                        answers.entry((text("method"), text("path"), asking)).or_insert_with(|| answer.clone());
                    }
                }
            }
        }
        Self { answers, api: api.app.clone(), otherwise: api.service() }
    }

    /// The system.
    pub fn router(self) -> Router {
        let this = Arc::new(self);
        Router::new().fallback(move |request: Request| {
            let (recorded, otherwise) = (this.recorded(&request), this.otherwise.clone());
            async move {
                match recorded {
                    Some(response) => response,
                    None => otherwise.oneshot(request).await.unwrap_or_else(|never| match never {}),
                }
            }
        })
    }

    fn recorded(&self, request: &Request) -> Option<Response> {
        let is_open = request.uri().path().starts_with("/admin/");
        let asking = if is_open { Asking::Nobody } else { Asking::in_request(request, &self.api) };
        if request.headers().get(header::ACCEPT).is_some_and(|accept| accept == "text/csv") {
            return None;
        }
        let recorded = self.answers.get(&(request.method().to_string(), request.uri().to_string(), asking))?;
        Some(replay(recorded, request.headers().get(header::AUTHORIZATION)))
    }
}

impl Asking {
    /// `None` where a recording has headers or a token of its own kind.
    fn recorded(step: &Value, addresses: &Value) -> Option<Self> {
        if let Some(name) = step["login_as"].as_str() {
            return addresses[name]["email"].as_str().map(|email| Self::Account(email.to_owned()));
        }
        let is_garbage = step["headers"] == serde_json::json!({"Authorization": "Bearer garbage"});
        match (step["api_key"] == true, step.get("token").is_some(), step.get("headers").is_some()) {
            (true, false, false) => Some(Self::Key),
            (false, false, false) => Some(Self::Nobody),
            (false, false, true) if is_garbage => Some(Self::BadToken),
            _ => None,
        }
    }

    /// Who sent it.
    pub fn in_request(request: &Request, app: &shared::App) -> Self {
        let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        if let Some(token) = text("authorization") {
            let verified = app.tokens.verify(token.trim_start_matches("Bearer "), chrono::Utc::now());
            return verified.map_or(Self::BadToken, |verified| Self::Account(verified.email));
        }
        if text("x-api-key") == Some(API_KEY) { Self::Key } else { Self::Nobody }
    }
}

fn fixture(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/contract").join(file);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn replay(recorded: &Value, token: Option<&http::HeaderValue>) -> Response {
    let mut response = Response::builder().status(u16::try_from(recorded["status"].as_u64().unwrap()).unwrap());
    if let Some(media_type) = recorded["headers"]["content-type"].as_str() {
        response = response.header(header::CONTENT_TYPE, media_type);
    }
    if let Some(token) = token.filter(|_| recorded["headers"].get("authorization").is_some()) {
        response = response.header(header::AUTHORIZATION, token);
    }
    let body =
        recorded.get("json").map_or_else(|| recorded["text"].as_str().unwrap_or_default().to_owned(), Value::to_string);
    response.body(Body::from(body)).unwrap()
}
