//! The API with secrets in SSM: the container's server, or the functions behind the load balancer.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use local::lambda::Settings;
use local::load_balancer::{LoadBalancer, Options};
use local::template::Template;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::json;
use tests::free_port::free_port;
use tests::process::Process;
use tests::{app, deployed, secrets, waiting};
use tokio::process::Command;

use crate::moto::Moto;

pub const JWT_SECRET_KEY: &str = "/test/jwt-secret-key";
pub const REVOKED_VERSIONS: &str = "/test/jwt-secret-key-revoked";
pub const ADMIN_API_KEY: &str = "/test/admin-api-key";
pub const EXPORT_API_KEY: &str = "/test/export-api-key";
pub const DATABASE_URL: &str = "/test/database-url";

/// A running API. It stops when dropped.
pub struct Api {
    url: String,
    client: reqwest::Client,
    log: Arc<Mutex<Vec<String>>>,
    _running: Running,
}

#[expect(dead_code, reason = "held until the end")]
enum Running {
    Server(Process),
    Functions(LoadBalancer),
}

/// Stores all secrets under the names in [`environment`].
pub async fn put_secrets(moto: &Moto, database_url: &str) {
    moto.put_parameter(JWT_SECRET_KEY, "first-key-0123456789abcdef0123456789abcdef").await;
    moto.put_parameter(ADMIN_API_KEY, "first-admin-key").await;
    moto.put_parameter(EXPORT_API_KEY, "first-export-key").await;
    moto.put_parameter(DATABASE_URL, database_url).await;
}

/// Returns the environment of the other tests, with names of parameters instead of secrets.
fn environment(moto: &Moto, changes: &[(&str, &str)]) -> BTreeMap<String, String> {
    let mut environment: BTreeMap<String, String> = app::environment("").into_iter().collect();
    let parameters = [
        ("JWT_SECRET_KEY", JWT_SECRET_KEY),
        ("JWT_SECRET_KEY_REVOKED_VERSIONS", REVOKED_VERSIONS),
        ("ADMIN_API_KEY", ADMIN_API_KEY),
        ("EXPORT_API_KEY", EXPORT_API_KEY),
        ("DATABASE_URL", DATABASE_URL),
    ];
    for (secret, parameter) in parameters {
        environment.remove(secret);
        environment.insert(format!("{secret}_PARAMETER"), parameter.to_owned());
    }
    environment.extend(moto.environment());
    environment.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    environment
}

impl Api {
    /// Starts the container's server.
    pub async fn server(moto: &Moto) -> Self {
        Self::server_with(moto, &[]).await
    }

    /// Starts the container's server with some variables changed.
    pub async fn server_with(moto: &Moto, changes: &[(&str, &str)]) -> Self {
        let port = free_port();
        let mut command = Command::new(deployed::binary("augmed-server"));
        command
            .env_clear()
            .envs(environment(moto, changes))
            .envs([("PORT", &*port.to_string()), ("RUST_LOG", "debug")]);
        let log = Arc::<Mutex<Vec<String>>>::default();
        let lines = log.clone();
        let server = Process::start(command, move |line| lines.lock().unwrap().push(line));
        let api = Self::at(format!("http://127.0.0.1:{port}"), log, Running::Server(server));
        until(async || api.client.get(format!("{}/api/healthcheck", api.url)).send().await.is_ok()).await;
        api
    }

    /// Starts the functions as template.yaml deploys them.
    pub async fn functions(moto: &Moto) -> Self {
        Self::functions_with(moto, &[]).await
    }

    /// Starts the functions with some variables changed.
    pub async fn functions_with(moto: &Moto, changes: &[(&str, &str)]) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("template.yaml");
        let template = Template::read(&path, &BTreeMap::new()).unwrap();
        let binaries =
            template.functions.iter().map(|function| (function.binary.clone(), deployed::binary(&function.binary)));
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = log.clone();
        let revoked = ("JWT_SECRET_KEY_REVOKED_VERSIONS_PARAMETER".to_owned(), REVOKED_VERSIONS.to_owned());
        let settings = Settings {
            environment: environment(moto, changes),
            everywhere: moto.environment().into_iter().chain([revoked]).collect(),
            log: Arc::new(move |_, line| {
                secrets::look_at(line);
                lines.lock().unwrap().push(line.to_owned());
            }),
            ..Settings::default()
        };
        let options = Options { binaries: binaries.collect(), settings, template, ..Options::default() };
        let balancer = LoadBalancer::start(options).await.unwrap();
        Self::at(format!("http://{}", balancer.address()), log, Running::Functions(balancer))
    }

    fn at(url: String, log: Arc<Mutex<Vec<String>>>, running: Running) -> Self {
        Self { url, client: reqwest::Client::new(), log, _running: running }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// Returns the status of `GET /api/cases` with `token`.
    pub async fn cases(&self, token: &str) -> StatusCode {
        self.request(Method::GET, "/api/cases").bearer_auth(token).send().await.unwrap().status()
    }

    /// Returns the status of `GET /admin/users` with this API key.
    pub async fn users(&self, key: &str) -> StatusCode {
        self.request(Method::GET, "/admin/users").header("x-api-key", key).send().await.unwrap().status()
    }

    /// Returns the status of an export of the participants with the first API key.
    pub async fn participants(&self) -> StatusCode {
        let request = self.request(Method::GET, "/api/v1/export/participants").header("x-api-key", "first-export-key");
        request.send().await.unwrap().status()
    }

    /// Logs Alice in, and returns her token.
    pub async fn log_in(&self) -> String {
        let answer =
            self.post("/api/auth/login", &json!({"email": "alice@contract.test", "password": "Alice-pass-1"})).await;
        let bearer = answer.headers().get("authorization").expect("a successful login").to_str().unwrap();
        bearer.trim_start_matches("Bearer ").to_owned()
    }

    pub async fn post(&self, path: &str, body: &serde_json::Value) -> Response {
        let request = self.request(Method::POST, path).header("content-type", "application/json");
        request.body(body.to_string()).send().await.unwrap()
    }

    /// Returns the number of log lines that contain `text`.
    pub fn said(&self, text: &str) -> usize {
        self.log.lock().unwrap().iter().filter(|line| line.contains(text)).count()
    }
}

/// Waits until a condition holds.
pub async fn until(condition: impl AsyncFnMut() -> bool) {
    waiting::until(Duration::from_mins(1), condition).await;
}
