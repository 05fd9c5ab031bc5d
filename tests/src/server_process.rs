//! `augmed-server` as a separate process: the workspace's, or the program at `AUGMED_SERVER` (the one in the image, for
//! scripts/test-image).

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::sync::mpsc::{self, UnboundedReceiver};

use crate::process::Process;
use crate::{app, deployed, secrets};

/// Longer than any step takes.
const TIMEOUT: Duration = Duration::from_mins(1);

/// Returns the program at `AUGMED_SERVER`, if set.
pub fn given() -> Option<PathBuf> {
    std::env::var_os("AUGMED_SERVER").map(PathBuf::from)
}

/// A running server. It ends when dropped.
#[derive(Debug)]
pub struct Server {
    process: Process,
    log: UnboundedReceiver<String>,
    /// Address it listens on.
    pub address: SocketAddr,
}

impl Server {
    /// Starts the server on a free port.
    pub async fn start(database_url: &str) -> Self {
        Self::start_with(database_url, &[]).await
    }

    /// Starts the server with some environment variables changed.
    pub async fn start_with(database_url: &str, variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(given().unwrap_or_else(|| deployed::binary("augmed-server")));
        command
            .envs(app::environment(database_url))
            .envs([("PORT", "0"), ("RUST_LOG", "debug")])
            .envs(variables.iter().copied())
            .stdin(Stdio::null());
        let (said, log) = mpsc::unbounded_channel();
        // the receiver may be gone
        let process = Process::start(command, move |line| _ = said.send(line));
        let mut server = Self { process, log, address: ([127, 0, 0, 1], 0).into() };
        let address: SocketAddr =
            server.logged("serving").await["address"].as_str().unwrap_or_default().parse().expect("an address");
        server.address.set_port(address.port());
        server
    }

    /// Waits for a log line whose message has this prefix.
    pub async fn logged(&mut self, message: &str) -> Value {
        loop {
            let line = within_timeout(self.log.recv()).await.expect("the server still runs");
            let line: Value = serde_json::from_str(&line).expect("every line is JSON");
            if line["message"].as_str().is_some_and(|text| text.starts_with(message)) {
                return line;
            }
        }
    }

    /// Returns the lines that were logged since the last call, and that nobody waited for.
    pub fn drain_log(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.log.try_recv().ok()).collect()
    }

    /// Returns its process id.
    pub fn pid(&self) -> u32 {
        self.process.id().expect("the process was not awaited before")
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid().cast_signed()), signal).expect("the server still runs");
    }

    /// Waits for it to exit.
    pub async fn exit(mut self) -> ExitStatus {
        within_timeout(self.process.wait()).await.expect("the process was not awaited before")
    }

    /// Waits for it to exit, and returns the rest of its log.
    pub async fn exit_with_log(mut self) -> (ExitStatus, String) {
        let mut log = String::new();
        while let Some(line) = within_timeout(self.log.recv()).await {
            log = log + &line + "\n";
        }
        (self.exit().await, log)
    }

    /// Opens a connection.
    pub async fn connect(&self) -> Connection {
        Connection(TcpStream::connect(self.address).await.expect("the server accepts connections"))
    }

    /// Waits until it refuses connections.
    pub async fn refuses_connections(&self) {
        within_timeout(async {
            while TcpStream::connect(self.address).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
    }
}

/// A raw connection.
#[derive(Debug)]
pub struct Connection(TcpStream);

impl Connection {
    /// Writes a text.
    pub async fn send(&mut self, request: &str) {
        self.0.write_all(request.as_bytes()).await.expect("the server reads");
    }

    /// Writes bytes.
    pub async fn send_bytes(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.expect("the server reads");
    }

    /// Writes a text to a server that may stop reading.
    pub async fn try_send(&mut self, request: &str) {
        let _ = self.0.write_all(request.as_bytes()).await;
    }

    /// Reads the head of a response, possibly with some of its body.
    pub async fn head(&mut self) -> String {
        let mut bytes = Vec::new();
        while !bytes.windows(4).any(|four| four == b"\r\n\r\n") {
            let length = within_timeout(self.0.read_buf(&mut bytes)).await.expect("the server writes");
            assert!(length > 0, "closed before the end of the head");
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Returns the status, or `reset` if the server refused to read on.
    pub async fn until_it_ends(mut self) -> String {
        let mut bytes = Vec::new();
        let _ = within_timeout(self.0.read_to_end(&mut bytes)).await;
        let answer = checked(&bytes);
        answer.split(' ').nth(1).unwrap_or("reset").to_owned()
    }

    /// Reads until the server closes the connection.
    pub async fn rest(mut self) -> String {
        let mut bytes = Vec::new();
        within_timeout(self.0.read_to_end(&mut bytes)).await.expect("a connection that is closed, not reset");
        checked(&bytes)
    }

    /// Reads one response that ends with this text.
    pub async fn until(&mut self, end: &str) -> String {
        let mut text = String::new();
        while !text.ends_with(end) {
            let mut bytes = [0; 1024];
            let length = within_timeout(self.0.read(&mut bytes)).await.expect("the server writes");
            assert!(length > 0, "closed after {text}");
            text.push_str(&String::from_utf8_lossy(&bytes[..length]));
        }
        text
    }
}

/// Returns a response as text, after checking it.
fn checked(answer: &[u8]) -> String {
    let answer = String::from_utf8_lossy(answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    secrets::look_at_answer(status.unwrap_or_default(), body.as_bytes());
    answer
}

/// Awaits a future; panics after a minute.
pub async fn within_timeout<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(TIMEOUT, future).await.expect("a result within the timeout")
}
