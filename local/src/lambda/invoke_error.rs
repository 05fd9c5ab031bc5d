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
