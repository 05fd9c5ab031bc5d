//! A local Lambda: function binaries behind a Runtime API, one invocation at a time per process, more processes under load,
//! processes frozen between invocations.

mod environment;
mod function;
mod process;
mod process_group;
mod runtime_api;

use std::sync::Arc;

pub use self::function::{Function, Settings};
pub use self::process::{Phase, Process};
pub use self::process_group::ProcessGroup;
pub use self::runtime_api::{Invocation, Outcome, RuntimeApi};

/// Receives output of functions: the function's name, and a line of its standard output or error.
pub type Log = Arc<dyn Fn(&str, &str) + Send + Sync>;

/// Returns a log that writes lines to standard error, prefixed with the function's name.
pub fn log_to_stderr() -> Log {
    Arc::new(|function, line| eprintln!("[{function}] {line}"))
}

/// Why an invocation failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    /// No process started: the binary is missing, or it exited or failed before it asked for an event.
    #[error("the function does not start: {0}")]
    Start(String),
    /// The process exited during the invocation.
    #[error("the function's process ended: {0}")]
    Ended(String),
    /// The process asked for the next event without having answered this one.
    #[error("the function gave no answer")]
    NoAnswer,
    /// The function took longer than its timeout, and was killed.
    #[error("the function did not answer within {0} s")]
    TimedOut(u64),
    /// The function answered with an error.
    #[error("the function failed with {0}")]
    Failed(String),
    /// The platform was stopped.
    #[error("the platform is stopped")]
    Stopped,
}
