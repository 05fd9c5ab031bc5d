//! The load balancer of platform.yaml, with the echo function in every target group.

use std::collections::BTreeMap;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{HeaderMap, Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use local::lambda::{Function, Settings};
use local::load_balancer::{LoadBalancer, Options};
use local::template::Template;
use serde_json::Value;
use tests::{secrets, waiting};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Longer than any step takes.
const TIMEOUT: Duration = Duration::from_mins(1);

pub struct Platform {
    pub load_balancer: LoadBalancer,
    pub log: Arc<Mutex<Vec<String>>>,
    client: Client<HttpConnector, Full<Bytes>>,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Returns the id of the process that answered.
    pub fn pid(&self) -> u32 {
        self.header("x-pid").parse().expect("a response of the echo function")
    }
}

impl Platform {
    pub async fn start() -> Self {
        Self::with(&[], |_| ()).await
    }

    pub async fn with(parameters: &[(&str, &str)], change: impl FnOnce(&mut Options)) -> Self {
        let parameters = parameters.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = log.clone();
        let binaries =
            ["echo", "impatient", "lonely"].map(|name| (name.to_owned(), env!("CARGO_BIN_EXE_echo-function").into()));
        let mut options = Options {
            template: Template::parse(include_str!("platform.yaml"), &parameters).unwrap(),
            binaries: binaries.into_iter().chain([("missing".to_owned(), "/nowhere".into())]).collect(),
            settings: Settings {
                environment: BTreeMap::from([("SECRET".to_owned(), "of the test".to_owned())]),
                log: Arc::new(move |function, line| {
                    secrets::look_at(line);
                    lines.lock().unwrap().push(format!("{function}: {line}"));
                }),
                ..Settings::default()
            },
            ..Options::default()
        };
        change(&mut options);
        let load_balancer = LoadBalancer::start(options).await.unwrap();
        Self { load_balancer, log, client: Client::builder(TokioExecutor::new()).build_http() }
    }

    pub fn function(&self, name: &str) -> &Function {
        self.load_balancer.function(name).expect("a function with a binary")
    }

    /// Sends a request; its URI is only the target, `/echo?x=1`.
    pub async fn send(&self, mut request: Request<impl Into<Bytes>>) -> Answer {
        *request.uri_mut() = format!("http://{}{}", self.load_balancer.address(), request.uri()).parse().unwrap();
        let response = self.client.request(request.map(|body| Full::new(body.into()))).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        secrets::look_at_answer(parts.status.as_u16(), &body);
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub async fn get(&self, target: &str) -> Answer {
        self.send(Request::get(target).body("").unwrap()).await
    }

    /// Sends a command to the echo function behind `path`.
    pub async fn command(&self, path: &str, command: &str) -> Answer {
        self.send(Request::get(path).header("x-echo", command).body("").unwrap()).await
    }

    /// Makes the echo function return this response.
    pub async fn answer_with(&self, path: &str, answer: &Value) -> Answer {
        let request = Request::post(path).header("x-echo", "answer").header("content-type", "application/json");
        self.send(request.body(answer.to_string()).unwrap()).await
    }

    /// Writes bytes, and reads until the connection is closed.
    pub async fn write(&self, bytes: &[u8]) -> String {
        write(self.load_balancer.address(), bytes).await
    }
}

async fn write(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    within_timeout(stream.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

pub async fn within_timeout<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(TIMEOUT, future).await.expect("it takes too long")
}

/// Waits until a condition holds.
pub async fn until(condition: impl Fn() -> bool) {
    waiting::until(TIMEOUT, async || condition()).await;
}
