//! A collector of spans, decoded with OpenTelemetry's Python package (`.ci/requirements.txt`).

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tokio::sync::mpsc::{self, UnboundedReceiver};

use crate::process::Process;
use crate::server_process::within_timeout;

/// A running collector.
#[derive(Debug)]
pub struct Collector {
    _process: Process,
    said: UnboundedReceiver<String>,
    received: Vec<Value>,
    /// Value for `OTEL_EXPORTER_OTLP_ENDPOINT`.
    pub endpoint: String,
}

/// Returns the Python that has the package: the one of `.ci/run`, or the one in `PATH`.
pub fn python() -> Option<PathBuf> {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools/venv/bin/python");
    [installed, "python3".into()].into_iter().find(|python| {
        let import = Command::new(python).args(["-c", "import opentelemetry.proto"]).stderr(Stdio::null()).status();
        import.is_ok_and(|status| status.success())
    })
}

/// Returns whether tests with a collector have to be skipped, because it is not installed. `REQUIRE_OPENTELEMETRY` makes that a failure.
///
/// # Panics
///
/// If it is required and missing.
pub fn is_missing() -> bool {
    let is_missing = python().is_none();
    if is_missing {
        eprintln!("There is no opentelemetry-proto: pip install opentelemetry-proto. Tests of spans are ignored.");
        assert!(std::env::var_os("REQUIRE_OPENTELEMETRY").is_none(), "opentelemetry-proto is required");
    }
    is_missing
}

impl Collector {
    /// Starts a collector on a free port.
    pub async fn start() -> Self {
        let mut command = tokio::process::Command::new(python().expect("a Python with opentelemetry-proto"));
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/otlp_receiver.py")).stdin(Stdio::null());
        let (sender, mut said) = mpsc::unbounded_channel();
        let process = Process::start(command, move |line| _ = sender.send(line));
        let port = within_timeout(said.recv()).await.expect("the receiver says its port");
        let endpoint = format!("http://127.0.0.1:{port}");
        Self { _process: process, said, received: Vec::new(), endpoint }
    }

    /// Waits for a span with this name, and returns it.
    pub async fn span(&mut self, name: &str) -> Value {
        loop {
            if let Some(span) = self.received.iter().find(|span| span["name"] == name) {
                return span.clone();
            }
            let line = within_timeout(self.said.recv()).await.expect("the receiver still runs");
            self.received.push(serde_json::from_str(&line).expect("a line is JSON"));
        }
    }
}
