//! A local Lambda: it runs function binaries behind a Runtime API. A process handles one invocation at a time and is
//! frozen between invocations. Under load, more processes start.

mod environment;
mod function;
mod invoke_error;
mod launch;
mod log;
mod phase;
mod process;
mod process_group;
mod runtime_api;

pub use self::function::{Function, Settings};
pub use self::invoke_error::InvokeError;
pub use self::log::{Log, log_to_stderr};
pub use self::phase::Phase;
pub use self::process::Process;
pub use self::process_group::ProcessGroup;
pub use self::runtime_api::{Invocation, Outcome, RuntimeApi};
