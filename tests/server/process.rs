//! `augmed-server` as a process of its own: that of the workspace, or the program that `AUGMED_SERVER` names
//! (scripts/test-image: the one in the image).

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tests::secrets;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::sync::mpsc::{self, UnboundedReceiver};

/// Nothing on this machine takes longer, unless it is broken.
const PATIENCE: Duration = Duration::from_mins(1);

/// The server that is not the workspace's.
pub fn given() -> Option<PathBuf> {
    std::env::var_os("AUGMED_SERVER").map(PathBuf::from)
}

pub struct Server {
    child: Child,
    log: UnboundedReceiver<String>,
    pub address: SocketAddr,
}

impl Server {
    /// Starts it on a free port.
    pub async fn start(database_url: &str) -> Self {
        let mut child = Command::new(given().unwrap_or_else(|| tests::deployed::binary("augmed-server")))
            .envs(tests::app::environment(database_url))
            .envs([("PORT", "0"), ("RUST_LOG", "info")])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (read, log) = mpsc::unbounded_channel();
        // somebody has to read it, or the server waits
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                secrets::look_at(&line);
                _ = read.send(line);
            }
        });
        let mut server = Self { child, log, address: ([127, 0, 0, 1], 0).into() };
        let address: SocketAddr = server.logged("serving").await["address"].as_str().unwrap().parse().unwrap();
        server.address.set_port(address.port());
        server
    }

    /// Waits for the line whose message begins like this.
    pub async fn logged(&mut self, message: &str) -> Value {
        loop {
            let line = within_patience(self.log.recv()).await.expect("the server still runs");
            let line: Value = serde_json::from_str(&line).unwrap();
            if line["message"].as_str().is_some_and(|text| text.starts_with(message)) {
                return line;
            }
        }
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().unwrap().cast_signed()), signal).unwrap();
    }

    pub async fn exit(mut self) -> ExitStatus {
        within_patience(self.child.wait()).await.unwrap()
    }

    pub async fn connect(&self) -> Connection {
        Connection(TcpStream::connect(self.address).await.unwrap())
    }

    /// Waits until nobody can connect any more.
    pub async fn refuses_connections(&self) {
        within_patience(async {
            while TcpStream::connect(self.address).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
    }
}

/// A connection, byte by byte.
pub struct Connection(TcpStream);

impl Connection {
    pub async fn send(&mut self, request: &str) {
        self.0.write_all(request.as_bytes()).await.unwrap();
    }

    /// What comes until the server closes the connection.
    pub async fn rest(mut self) -> String {
        let mut bytes = Vec::new();
        within_patience(self.0.read_to_end(&mut bytes)).await.unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// One answer that ends like this.
    pub async fn until(&mut self, end: &str) -> String {
        let mut text = String::new();
        while !text.ends_with(end) {
            let mut bytes = [0; 1024];
            let length = within_patience(self.0.read(&mut bytes)).await.unwrap();
            assert!(length > 0, "closed after {text}");
            text.push_str(&String::from_utf8_lossy(&bytes[..length]));
        }
        text
    }
}

pub async fn within_patience<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("it takes too long")
}
