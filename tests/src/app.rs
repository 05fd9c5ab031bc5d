//! The API without a socket: the container's service over a separate database.

use std::path::PathBuf;

use axum::Router;
use axum::body::{Body, Bytes};
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use shared::config::{Config, Environment};
use shared::db::Deployment;
use shared::time::Clock;
use sqlx::PgPool;
use tower::ServiceExt as _;

use crate::db::TestDb;
use crate::{form, secrets};

pub use crate::keys::{API_KEY, JWT_SECRET_KEY};

/// The API over a separate database, which is dropped some time after the test.
pub struct TestApp {
    /// The database behind the API.
    pub db: TestDb,
    /// The state behind the routes, for issuing tokens.
    pub app: shared::App,
    service: Router,
    mails: PathBuf,
}

/// A completely read response.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// Returns the body as JSON, or `null` if it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Returns `data` of the envelope.
    pub fn data(&self) -> Value {
        self.json()["data"].take()
    }

    /// Returns `error.code` of the envelope: text for business errors, otherwise a number.
    pub fn error_code(&self) -> Value {
        self.json()["error"]["code"].take()
    }

    /// Returns `error.message` of the envelope.
    pub fn error_message(&self) -> String {
        self.json()["error"]["message"].as_str().unwrap_or_default().to_owned()
    }

    /// Returns a header's value as text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Returns the token of the `Authorization` header.
    pub fn token(&self) -> String {
        self.header("authorization").trim_start_matches("Bearer ").to_owned()
    }
}

impl TestApp {
    /// Starts the API over an empty, migrated database.
    pub async fn start() -> Self {
        Self::over(TestDb::new().await).await
    }

    /// Starts the API over the contract's data (`tests/fixtures/contract/fixture.sql`).
    pub async fn with_contract_data() -> Self {
        Self::over(TestDb::with_contract_data().await).await
    }

    /// Starts the API over `db`.
    pub async fn over(db: TestDb) -> Self {
        Self::configured(db, &[]).await
    }

    /// Starts the API over `db`, reached at `url`, for example through a pooler.
    pub async fn reaching(db: TestDb, url: &str) -> Self {
        Self::configured(db, &[("DATABASE_URL", url)]).await
    }

    /// Starts the API over `db`, with some environment variables changed.
    pub async fn configured(db: TestDb, variables: &[(&str, &str)]) -> Self {
        Self::at(db, variables, Clock::default()).await
    }

    /// Starts the API over `db`, with some environment variables changed, and with another clock.
    #[expect(clippy::unused_async, reason = "the pool needs a runtime")]
    pub async fn at(db: TestDb, variables: &[(&str, &str)], clock: Clock) -> Self {
        secrets::watch();
        let mails = std::env::temp_dir().join(format!("augmed-mails-{}", uuid::Uuid::new_v4()));
        let mut environment = environment(&db.url());
        environment.insert("MAIL_TRANSPORT".to_owned(), format!("file:{}", mails.display()));
        environment.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let config = Config::from_environment(&environment).expect("the test's configuration is complete");
        let deployment = Deployment::Container { max_connections: config.database_max_connections };
        let app = shared::App::with_clock(&config, deployment, clock).expect("the database's address is valid");
        Self { service: server::service(app.clone(), &config), db, app, mails }
    }

    /// Returns the API's connection pool.
    pub fn pool(&self) -> &PgPool {
        &self.db.pool
    }

    /// Returns the service, for sending requests directly.
    pub fn service(&self) -> Router {
        self.service.clone()
    }

    /// Sends a request and reads the complete response.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let Ok(response) = self.service.clone().oneshot(request).await;
        read(response).await
    }

    /// Sends `GET path`, with a token if given.
    pub async fn get(&self, path: &str, token: Option<&str>) -> Answer {
        self.send(request(Method::GET, path, token).body(Body::empty()).expect("a valid request")).await
    }

    /// Sends `POST path` with a JSON body, with a token if given.
    pub async fn post(&self, path: &str, token: Option<&str>, body: &Value) -> Answer {
        self.send(json_request(Method::POST, path, token, body)).await
    }

    /// Uploads `file` with the API key.
    pub async fn upload(&self, path: &str, file: &str) -> Answer {
        let request = Request::post(path).header(header::CONTENT_TYPE, form::CONTENT_TYPE).header("x-api-key", API_KEY);
        self.send(request.body(form::with_file(file).into()).expect("a valid request")).await
    }

    /// Sends `POST path` like [`Self::post`], and again while the answer is 503: a slow machine misses deadlines.
    pub async fn post_patiently(&self, path: &str, token: Option<&str>, body: &Value) -> Answer {
        let mut answer = self.post(path, token, body).await;
        for _ in 0..20 {
            if answer.status != StatusCode::SERVICE_UNAVAILABLE {
                break;
            }
            answer = self.post(path, token, body).await;
        }
        answer
    }

    /// Sends `GET path` with the API key.
    pub async fn get_with_key(&self, path: &str) -> Answer {
        let request = request(Method::GET, path, None).header("x-api-key", API_KEY);
        self.send(request.body(Body::empty()).expect("a valid request")).await
    }

    /// Sends `method path` with the API key and a JSON body.
    pub async fn send_with_key(&self, method: Method, path: &str, body: &Value) -> Answer {
        let mut request = json_request(method, path, None, body);
        request.headers_mut().insert("x-api-key", API_KEY.parse().expect("a valid header"));
        self.send(request).await
    }

    /// Issues a token for an account, without a login.
    pub fn token_for(&self, email: &str) -> String {
        self.app.tokens.issue(email, false, self.app.clock.now()).expect("tokens can be signed")
    }

    /// Sends `POST /api/auth/login`.
    pub async fn log_in(&self, email: &str, password: &str) -> Answer {
        self.post("/api/auth/login", None, &json!({ "email": email, "password": password })).await
    }

    /// Returns the mails that were sent, oldest first.
    pub fn mails(&self) -> Vec<String> {
        let mut files: Vec<PathBuf> =
            std::fs::read_dir(&self.mails).into_iter().flatten().flatten().map(|file| file.path()).collect();
        files.sort();
        files.iter().map(|file| std::fs::read_to_string(file).expect("a mail is text")).collect()
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        // does not exist if no mail was sent
        let _ = std::fs::remove_dir_all(&self.mails);
    }
}

/// Returns the environment of a server under test (`tests/fixtures/contract`): no `CORS_ORIGINS`, tokens for 15 minutes.
pub fn environment(database_url: &str) -> Environment {
    [
        ("DATABASE_URL", database_url),
        ("DATABASE_MAX_CONNECTIONS", "5"),
        ("JWT_SECRET_KEY", JWT_SECRET_KEY),
        ("JWT_SECRET_KEY_REVOKED_VERSIONS", ""),
        ("JWT_ACCESS_TOKEN_EXPIRES", "900"),
        ("EXPORT_API_KEY", API_KEY),
        ("ADMIN_API_KEY", API_KEY),
        ("FRONTEND_URL", "https://study.test"),
        // template.yaml sets by-mail
        ("SIGNUP", "open"),
        ("MAIL_FROM", "study@study.test"),
        ("MAIL_TRANSPORT", "log"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

fn request(method: Method, path: &str, token: Option<&str>) -> http::request::Builder {
    let request = Request::builder().method(method).uri(path);
    match token {
        Some(token) => request.header(header::AUTHORIZATION, format!("Bearer {token}")),
        None => request,
    }
}

/// Builds a request with a JSON body.
pub fn json_request(method: Method, path: &str, token: Option<&str>, body: &Value) -> Request<Body> {
    let request = request(method, path, token).header(header::CONTENT_TYPE, "application/json");
    request.body(Body::from(body.to_string())).expect("a valid request")
}

async fn read(response: Response<Body>) -> Answer {
    let (head, body) = response.into_parts();
    let body = body.collect().await.expect("the body arrives whole").to_bytes();
    secrets::look_at_answer(head.status.as_u16(), &body);
    Answer { status: head.status, headers: head.headers, body }
}
