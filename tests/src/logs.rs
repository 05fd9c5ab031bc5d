//! Captures logs.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tracing::subscriber::{DefaultGuard, set_default};

/// Log lines of this thread while it exists, in the format of the deployed programs. A `#[tokio::test]` runs the service on its own
/// thread.
#[derive(Debug)]
pub struct Logs {
    written: Written,
    _until_dropped: DefaultGuard,
}

#[derive(Clone, Debug, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Logs {
    /// Starts capturing.
    pub fn of_this_thread() -> Self {
        let written = Written::default();
        let writer = written.clone();
        let subscriber = shared::telemetry::subscriber("debug", move || writer.clone());
        Self { written, _until_dropped: set_default(subscriber) }
    }

    /// Returns everything logged so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.written.bytes()).into_owned()
    }

    /// Returns the lines whose message has this prefix.
    pub fn lines(&self, message: &str) -> Vec<Value> {
        let text = self.text();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line is JSON"));
        lines.filter(|line| line["message"].as_str().is_some_and(|text| text.starts_with(message))).collect()
    }
}

impl Written {
    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        crate::secrets::look_at(&String::from_utf8_lossy(bytes));
        self.bytes().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
