use std::sync::Arc;

/// Receives the output of functions: the function's name, and one line of its standard output or error.
pub type Log = Arc<dyn Fn(&str, &str) + Send + Sync>;

/// Returns a log that writes lines to standard error, prefixed with the function's name.
pub fn log_to_stderr() -> Log {
    Arc::new(|function, line| eprintln!("[{function}] {line}"))
}
