//! Systems on sockets: the recorded old system, and any router.

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
use tests::contract::answer::{Answer, Outcome};
use tests::contract::area::{self, Area};
use tests::contract::scenario::{Action, HttpStep};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

/// A system at an address, which runs until the end of the test.
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

/// The caller of a request, as far as recordings distinguish callers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Caller {
    Nobody,
    Key,
    BadToken,
    Account(String),
}

/// The parts of a request that the recorded response depends on.
#[derive(Debug, PartialEq, Eq, Hash)]
struct RequestKey {
    method: String,
    /// Path with query.
    path: String,
    csv: bool,
    asking: Caller,
}

/// The old system, as far as it was recorded with the contract's data. The new system responds to other requests.
pub struct Recorded {
    answers: HashMap<RequestKey, Answer>,
    api: shared::App,
    otherwise: Router,
}

impl Recorded {
    /// Reads the recordings of tests/fixtures/contract.
    pub fn over(api: &TestApp) -> Self {
        let mut answers = HashMap::new();
        let addresses = fixture("accounts.json");
        for area in area::ALL.map(|name| Area::load(name).unwrap()) {
            for scenario in &area.scenarios {
                for step in &scenario.steps {
                    // the data are different after a statement or a write
                    let Action::Http(request) = &step.action else { break };
                    let Some(Outcome::Answer(answer)) = area.recorded(&scenario.name, &step.name) else { break };
                    if request.method != "GET" && answer.status < 400 {
                        break;
                    }
                    if let Some(asked) = asked(request, &addresses).filter(|_| request.normalise.is_empty()) {
                        answers.entry(asked).or_insert_with(|| Answer::clone(answer));
                    }
                }
            }
        }
        for (method, path, asking, [area, scenario, step]) in likewise() {
            let area = Area::load(area).unwrap();
            let Some(Outcome::Answer(answer)) = area.recorded(scenario, step) else { panic!("{step} is not recorded") };
            let (method, path) = (method.to_owned(), path.to_owned());
            answers.insert(RequestKey { method, path, csv: false, asking }, Answer::clone(answer));
        }
        Self { answers, api: api.app.clone(), otherwise: api.service() }
    }

    /// Returns the system.
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
        let method = request.method().to_string();
        // the old system's default page
        let path = request.uri().to_string().replace("?limit=1000&offset=0", "");
        let csv = request.headers().get(header::ACCEPT).is_some_and(|accept| accept == "text/csv");
        // the old system gives everybody the rights of administrators
        let asking = match Caller::in_request(request, &self.api) {
            _ if path.starts_with("/admin/") => Caller::Nobody,
            Caller::Account(_) if path.starts_with("/api/v1/") => Caller::Account("alice@contract.test".to_owned()),
            asking => asking,
        };
        let recorded = self.answers.get(&RequestKey { method, path, csv, asking })?;
        Some(replay(recorded, request.headers().get(header::AUTHORIZATION)))
    }
}

/// Requests of a comparison, and equivalent recordings.
fn likewise() -> [(&'static str, &'static str, Caller, [&'static str; 3]); 5] {
    let unknown = Caller::Account("nobody@compare.invalid".to_owned());
    let wrong_limit = "/api/v1/export/answers?limit=ten";
    [
        ("GET", "/api/cases", unknown, ["cases", "next case", "account does not exist"]),
        ("GET", "/api/cases", Caller::BadToken, ["cross_cutting", "token signature", "one segment"]),
        ("DELETE", "/api/cases", Caller::Nobody, ["cross_cutting", "cross-origin requests", "405"]),
        ("PUT", "/api/config/answer", Caller::Nobody, ["answer_config", "latest", "POST is not allowed"]),
        ("GET", wrong_limit, Caller::Key, ["export", "since formats", "text"]),
    ]
}

/// Returns `None` if the recording has other headers or an unusual token.
fn asked(request: &HttpStep, addresses: &Value) -> Option<RequestKey> {
    let mut headers = request.headers.clone();
    let csv = headers.remove("Accept").is_some_and(|accept| accept.as_deref() == Some("text/csv"));
    let is_garbage = headers.remove("Authorization").is_some_and(|token| token.as_deref() == Some("Bearer garbage"));
    let asking = match (&request.login_as, request.api_key) {
        _ if request.token.is_some() || !headers.is_empty() => return None,
        (Some(name), false) => Caller::Account(addresses[name]["email"].as_str()?.to_owned()),
        (None, true) => Caller::Key,
        (None, false) if is_garbage => Caller::BadToken,
        (None, false) => Caller::Nobody,
        (Some(_), true) => return None,
    };
    Some(RequestKey { method: request.method.clone(), path: request.path.clone(), csv, asking })
}

impl Caller {
    /// Returns the caller of a request.
    pub fn in_request(request: &Request, app: &shared::App) -> Self {
        let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        // administrators' requests have both
        if text("x-api-key") == Some(API_KEY) {
            return Self::Key;
        }
        let Some(token) = text("authorization") else { return Self::Nobody };
        let verified = app.tokens.verify(token.trim_start_matches("Bearer "), chrono::Utc::now());
        verified.map_or(Self::BadToken, |verified| Self::Account(verified.email))
    }
}

fn fixture(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/contract").join(file);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn replay(recorded: &Answer, token: Option<&http::HeaderValue>) -> Response {
    let mut response = Response::builder().status(recorded.status);
    for (name, value) in recorded.headers.iter().filter(|(name, _)| *name != "authorization") {
        response = response.header(name, value);
    }
    if let Some(token) = token.filter(|_| recorded.headers.contains_key("authorization")) {
        response = response.header(header::AUTHORIZATION, token);
    }
    let text = recorded.text.clone().unwrap_or_default();
    response.body(Body::from(recorded.json.as_ref().map_or(text, Value::to_string))).unwrap()
}
