//! Runs the cargo-lambda commands printed in docs/cargo-lambda.md.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::db::TestDb;
use tests::free_port::free_port;
use tests::{app, deployed};
use tokio::process::{Child, Command};

use crate::tool;

/// Generous, because cargo checks every source file before it runs a function.
const TIMEOUT: Duration = Duration::from_mins(2);

/// All functions have one address and one configuration file. `invoke` sends fixtures as events.
pub async fn watch_and_invoke_work_as_documented() {
    // builds the function in advance, so that `cargo run` builds nothing
    deployed::binary("healthcheck");
    let db = TestDb::with_contract_data().await;
    let watch = Watch::start(&db.url()).await;

    assert_eq!(watch.get("healthcheck/api/healthcheck", "").await.0, 200);

    let (status, token) = watch.log_in().await;
    assert_eq!(status, 200);
    let (status, cases) = watch.get("cases/api/cases", &token).await;
    assert_eq!((status, cases["data"].is_array()), (200, true), "{cases}");
    assert_eq!(watch.get("cases/api/cases?x=%26", "").await.0, 401);

    for fixture in ["alb/multi-value", "alb/single-value", "events/function-url", "events/rest-api", "events/lattice"] {
        let answer = watch.invoke(fixture).await;
        assert_eq!(answer["statusCode"], 200, "{fixture}: {answer}");
    }
    let answer = watch.invoke_example().await;
    assert_eq!(answer["statusCode"], 404, "the example's path is /, which no function serves: {answer}");
}

/// The name of the Rust runtime's example of a load balancer's event (aws-lambda-rust-runtime, lambda-events/src/fixtures).
const EXAMPLE: &str = "alb-lambda-target-request-headers-only";

/// A running `cargo lambda watch`. Its functions end with it.
struct Watch {
    process: Child,
    port: u16,
    /// Contains the file of variables, which is read again for each function, and cargo-lambda's cache.
    folder: TempDir,
}

impl Watch {
    async fn start(database_url: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let environment: Vec<_> =
            app::environment(database_url).into_iter().map(|(name, value)| format!("{name}=\"{value}\"\n")).collect();
        let file = folder.path().join("functions.env");
        std::fs::write(&file, environment.concat()).unwrap();
        let port = free_port();
        let said = folder.path().join("watch.log");
        let log = File::create(&said).unwrap();
        let process = cargo_lambda("watch")
            .args(["--ignore-changes", "--invoke-address", "127.0.0.1", "--invoke-port", &port.to_string()])
            .arg("--env-file")
            .arg(&file)
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .process_group(0)
            .spawn()
            .unwrap();
        let watch = Self { process, port, folder };
        let begun = Instant::now();
        while watch.try_get("healthcheck/api/healthcheck", "").await.is_none_or(|(status, _)| status != 200) {
            let said = || std::fs::read_to_string(&said).unwrap();
            assert!(begun.elapsed() < TIMEOUT, "cargo lambda watch does not answer: {}", said());
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        watch
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/lambda-url/{path}", self.port)
    }

    async fn try_get(&self, path: &str, token: &str) -> Option<(u16, Value)> {
        let request = client().get(self.url(path));
        let request = if token.is_empty() { request } else { request.header("authorization", token) };
        let response = request.send().await.ok()?;
        Some((response.status().as_u16(), serde_json::from_slice(&response.bytes().await.ok()?).unwrap_or_default()))
    }

    async fn get(&self, path: &str, token: &str) -> (u16, Value) {
        self.try_get(path, token).await.unwrap()
    }

    async fn log_in(&self) -> (u16, String) {
        let body = json!({"email": "alice@contract.test", "password": "Alice-pass-1"}).to_string();
        let login = client().post(self.url("auth-login/api/auth/login")).header("content-type", "application/json");
        let response = login.body(body).send().await.unwrap();
        let token = response.headers().get("authorization").map(|token| token.to_str().unwrap().to_owned());
        (response.status().as_u16(), token.unwrap_or_default())
    }

    /// Sends a fixture to the health check by `cargo lambda invoke`.
    async fn invoke(&self, fixture: &str) -> Value {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/{fixture}.json"));
        self.invoke_with(cargo_lambda("invoke").arg("--data-file").arg(file)).await
    }

    /// Sends the example by its name. Its text comes from cargo-lambda's cache, because tests download nothing.
    async fn invoke_example(&self) -> Value {
        let cache = self.folder.path().join("cargo-lambda/invoke-fixtures");
        std::fs::create_dir_all(&cache).unwrap();
        let event = include_str!("../fixtures/alb/single-value.json").replace("/api/healthcheck", "/");
        std::fs::write(cache.join(format!("example-{EXAMPLE}.json")), event).unwrap();
        let mut invoke = cargo_lambda("invoke");
        self.invoke_with(invoke.env("XDG_CACHE_HOME", self.folder.path()).args(["--data-example", EXAMPLE])).await
    }

    async fn invoke_with(&self, invoke: &mut Command) -> Value {
        let invoked = invoke
            .args(["healthcheck", "--invoke-address", "127.0.0.1", "--invoke-port", &self.port.to_string()])
            .args(["--output-format", "json"])
            .output()
            .await
            .unwrap();
        let said = String::from_utf8_lossy(&invoked.stdout);
        serde_json::from_str(&said)
            .unwrap_or_else(|error| panic!("{error}: {said}{}", String::from_utf8_lossy(&invoked.stderr)))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(group) = self.process.id().and_then(|id| i32::try_from(id).ok()) {
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
    }
}

fn cargo_lambda(command: &str) -> Command {
    let mut cargo_lambda = Command::new(tool::path("cargo-lambda").unwrap());
    cargo_lambda.args(["lambda", command]).current_dir(tool::workspace()).kill_on_drop(true);
    // variables that cargo sets for this process would make build scripts run again
    let own =
        |name: &str| ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"].iter().any(|prefix| name.starts_with(prefix));
    for (name, _) in std::env::vars().filter(|(name, _)| own(name)) {
        cargo_lambda.env_remove(name);
    }
    cargo_lambda
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().timeout(Duration::from_secs(90)).build().unwrap()
}
