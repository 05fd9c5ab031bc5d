//! moto: SSM, Secrets Manager and SES on this machine.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tests::free_port::free_port;
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, OnceCell};

/// Returns the program: `MOTO_SERVER`, the one that `.ci/run` installs, or the one in `PATH`.
pub fn binary() -> Option<PathBuf> {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("target/tools/venv/bin/moto_server");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join("moto_server"));
    let given = std::env::var_os("MOTO_SERVER").map(PathBuf::from);
    given.into_iter().chain([installed]).chain(on_path).find(|program| program.is_file())
}

/// A moto server. It stops when dropped.
pub struct Server {
    url: String,
    process: Child,
}

/// An unused region of a server, so that tests do not share data.
pub struct Moto {
    url: String,
    region: &'static str,
    client: reqwest::Client,
}

/// The server that tests share, because starting one takes two seconds of CPU.
static SHARED: OnceCell<Mutex<Server>> = OnceCell::const_new();

/// At least one for each test.
const REGIONS: [&str; 18] = [
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eu-north-1",
    "eu-south-1",
    "eu-central-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
    "ca-central-1",
    "sa-east-1",
    "ap-south-1",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-southeast-1",
    "ap-southeast-2",
];

/// Stops the shared server.
pub async fn end() {
    if let Some(server) = SHARED.get() {
        server.lock().await.stop().await;
    }
}

impl Server {
    /// Starts one.
    pub async fn start() -> Self {
        loop {
            let port = free_port();
            let mut command = Command::new(binary().unwrap());
            command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
            let process = command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap();
            let mut server = Self { url: format!("http://127.0.0.1:{port}"), process };
            if server.answers().await {
                return server;
            }
        }
    }

    /// Returns whether it responds. It exits if another process has taken the port in the meantime.
    async fn answers(&mut self) -> bool {
        while reqwest::get(format!("{}/moto-api/data.json", self.url)).await.is_err() {
            if self.process.try_wait().unwrap().is_some() {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.process.try_wait().unwrap().is_none()
    }

    /// Returns the address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.url.trim_start_matches("http://").parse().unwrap()
    }

    /// Stops the server, to simulate an outage of SSM.
    pub async fn stop(&mut self) {
        self.process.kill().await.unwrap();
    }
}

impl Moto {
    /// Returns an unused region of the shared server.
    pub async fn start() -> Self {
        static TAKEN: AtomicUsize = AtomicUsize::new(0);
        let shared = SHARED.get_or_init(async || Mutex::new(Server::start().await)).await;
        let unused = REGIONS.get(TAKEN.fetch_add(1, Ordering::Relaxed));
        Self::at(&*shared.lock().await, unused.expect("more regions than tests"))
    }

    /// Returns the region of a separate server.
    pub fn of(server: &Server) -> Self {
        Self::at(server, REGIONS[0])
    }

    /// Returns the region of a separate server that the API reaches at another address.
    pub fn through(server: &Server, address: SocketAddr) -> Self {
        Self { url: format!("http://{address}"), ..Self::of(server) }
    }

    fn at(server: &Server, region: &'static str) -> Self {
        Self { url: server.url.clone(), region, client: reqwest::Client::new() }
    }

    /// Returns variables that make the AWS SDK use it, and the API refresh secrets every second.
    pub fn environment(&self) -> BTreeMap<String, String> {
        [
            ("AWS_ENDPOINT_URL", self.url.as_str()),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_REGION", self.region),
            ("SECRETS_REFRESH_SECONDS", "1"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    /// Does the same as `aws ssm put-parameter --overwrite`.
    pub async fn put_parameter(&self, name: &str, value: &str) {
        let parameter = json!({"Name": name, "Value": value, "Type": "SecureString", "Overwrite": true});
        self.call("ssm", "AmazonSSM.PutParameter", "/", &parameter).await;
    }

    /// Does the same as `aws secretsmanager create-secret`.
    pub async fn create_secret(&self, name: &str, value: &Value) {
        let secret = json!({"Name": name, "SecretString": value.to_string()});
        self.call("secretsmanager", "secretsmanager.CreateSecret", "/", &secret).await;
    }

    /// Lets SES send mail from this address.
    pub async fn verify_sender(&self, address: &str) {
        self.call("ses", "", "/v2/email/identities", &json!({"EmailIdentity": address})).await;
    }

    /// Returns the mails that were sent.
    pub async fn mails(&self) -> Vec<Value> {
        let data = self.client.get(format!("{}/moto-api/data.json", self.url)).send().await.unwrap();
        let data: Value = serde_json::from_slice(&data.bytes().await.unwrap()).unwrap();
        data["ses"]["Message"].as_array().unwrap().clone()
    }

    async fn call(&self, service: &str, target: &str, path: &str, body: &Value) {
        // moto identifies the service by the credential's scope, and does not verify the signature
        let scope = format!("AWS4-HMAC-SHA256 Credential=test/20260101/{}/{service}/aws4_request", self.region);
        let request = self.client.post(format!("{}{path}", self.url)).header("authorization", scope);
        let content_type = if target.is_empty() { "application/json" } else { "application/x-amz-json-1.1" };
        let request = request.header("x-amz-target", target).header("content-type", content_type);
        let answer = request.body(body.to_string()).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }
}
