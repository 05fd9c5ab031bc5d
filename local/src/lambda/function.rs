//! A function with its processes, and the dispatch of events to them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hyper::body::Bytes;
use tokio::sync::{Semaphore, oneshot};

use super::invoke_error::InvokeError;
use super::launch::Launch;
use super::log::{Log, log_to_stderr};
use super::phase::Phase;
use super::process::{Failure, Process};
use super::process_group::ProcessGroup;
use crate::template;

/// How long an answer waits for its process to ask for the next event, so that a client that sends its next request
/// immediately gets the same process.
const REUSE_GRACE: Duration = Duration::from_millis(100);

/// Settings of all functions on this machine.
#[derive(Clone)]
pub struct Settings {
    /// Values for variables that the template sets; a secret under its own name replaces its parameter. Each function gets only
    /// the variables of the template.
    pub environment: BTreeMap<String, String>,
    /// Variables for every function, such as `RUST_LOG` or `AWS_ENDPOINT_URL`.
    pub everywhere: BTreeMap<String, String>,
    /// Maximum processes of a function without reserved concurrency. Each holds a database connection.
    pub max_processes: usize,
    /// Concurrent events per process. If more than one, as in Lambda Managed Instances, processes are never frozen.
    pub max_concurrency: u32,
    /// Receives the functions' output.
    pub log: Log,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            environment: BTreeMap::new(),
            everywhere: BTreeMap::new(),
            max_processes: 5,
            max_concurrency: 1,
            log: log_to_stderr(),
        }
    }
}

/// A function that can be invoked. Clones share its processes.
#[derive(Clone)]
pub struct Function {
    inner: Arc<Inner>,
}

struct Inner {
    launch: Launch,
    /// One permit for each concurrent event of all processes together.
    slots: Arc<Semaphore>,
    max_events: usize,
    starting: tokio::sync::Mutex<()>,
    pool: Mutex<Pool>,
}

#[derive(Default)]
struct Pool {
    all: Vec<Process>,
    /// Each process occurs once for every further event that it can take. LIFO, as in Lambda.
    idle: Vec<Process>,
    last_event: Option<Bytes>,
    stopped: bool,
}

impl Function {
    /// Creates a function of the template with its binary. The first event starts a process.
    pub fn new(function: template::Function, binary: PathBuf, settings: Settings, group: Arc<ProcessGroup>) -> Self {
        // reserved concurrency does not limit managed instances
        let reserved = function.reserved_concurrency.filter(|_| settings.max_concurrency == 1);
        let max_processes = reserved.unwrap_or(settings.max_processes);
        let launch = Launch {
            function,
            binary,
            given: settings.environment,
            everywhere: settings.everywhere,
            max_concurrency: settings.max_concurrency,
            group,
            log: settings.log,
        };
        let max_events = max_processes * launch.events_at_once();
        let slots = Arc::new(Semaphore::new(max_events));
        let starting = tokio::sync::Mutex::default();
        Self { inner: Arc::new(Inner { launch, slots, max_events, starting, pool: Mutex::default() }) }
    }

    /// Returns the name of its binary.
    pub fn binary(&self) -> &str {
        &self.inner.launch.function.binary
    }

    /// Invokes the function and waits for the answer. If all processes are busy, the event waits.
    ///
    /// The invocation continues if its caller stops waiting.
    pub async fn invoke(&self, event: Bytes) -> Result<Bytes, InvokeError> {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let trace = format!("Root=1-{seconds:08x}-{:024x}", rand::random::<u128>() >> 32);
        self.invoke_traced(event, trace).await
    }

    /// Invokes the function with an event that has a trace id (the value of `x-amzn-trace-id`).
    pub async fn invoke_traced(&self, event: Bytes, trace: String) -> Result<Bytes, InvokeError> {
        let (answer, answered) = oneshot::channel();
        tokio::spawn(self.inner.clone().serve(event, trace, answer));
        answered.await.unwrap_or(Err(InvokeError::Stopped))
    }

    /// Returns the live processes, oldest first.
    pub fn processes(&self) -> Vec<Process> {
        let mut pool = self.inner.pool();
        pool.all.retain(Process::is_alive);
        pool.all.clone()
    }

    /// Returns the last event that the function received.
    pub fn last_event(&self) -> Option<Bytes> {
        self.inner.pool().last_event.clone()
    }

    /// Writes a line to the function's log.
    pub(crate) fn log(&self, line: &str) {
        (self.inner.launch.log)(self.binary(), line);
    }

    /// Waits until every process is idle and frozen.
    pub async fn wait_until_idle(&self) {
        for process in self.processes() {
            process.wait_until_idle().await;
        }
    }

    /// Waits at most `grace` for pending events to be answered, then kills every process. Refuses later events.
    pub async fn stop(&self, grace: Duration) {
        let all_slots = u32::try_from(self.inner.max_events).unwrap_or(u32::MAX);
        // after `grace`, busy processes are killed as well
        let _slots = tokio::time::timeout(grace, self.inner.slots.acquire_many(all_slots)).await;
        self.inner.pool().stopped = true;
        for process in self.processes() {
            process.kill().await;
        }
    }
}

impl Inner {
    async fn serve(self: Arc<Self>, event: Bytes, trace: String, answer: oneshot::Sender<Result<Bytes, InvokeError>>) {
        let Ok(slot) = self.slots.clone().acquire_owned().await else { return };
        let (process, result) = match self.work(event, trace).await {
            Ok((process, result)) => (Some(process), result),
            Err(error) => (None, Err(error)),
        };
        let Some(process) = process else {
            // sending fails if the caller has stopped waiting, which is not an error; likewise below
            let _ = answer.send(result);
            return;
        };
        let frozen = tokio::time::timeout(REUSE_GRACE, self.freeze_when_idle(&process)).await;
        let _ = answer.send(result);
        if frozen.is_err() {
            self.freeze_when_idle(&process).await;
        }
        drop(slot);
    }

    /// Runs the event on an idle or new process. If an idle process has died, tries another.
    async fn work(&self, event: Bytes, trace: String) -> Result<(Process, Result<Bytes, InvokeError>), InvokeError> {
        loop {
            let process = self.process().await?;
            self.pool().last_event = Some(event.clone());
            match process.invoke(&self.launch, event.clone(), trace.clone()).await {
                Ok(answer) => return Ok((process, Ok(answer))),
                Err(Failure::Final(error)) => return Ok((process, Err(error))),
                Err(Failure::Undelivered) => {}
            }
        }
    }

    async fn process(&self) -> Result<Process, InvokeError> {
        if let Some(process) = self.idle()? {
            return Ok(process);
        }
        // a managed process takes several events, so concurrent events must not start a process each
        let starting = if self.launch.is_managed() { Some(self.starting.lock().await) } else { None };
        if let Some(process) = self.idle()? {
            return Ok(process);
        }
        let process = Process::start(&self.launch).await?;
        self.pool().all.push(process.clone());
        process.wait_for_next(Process::init_timeout(&self.launch)).await?;
        let more_events = self.launch.events_at_once() - 1;
        self.pool().idle.extend(std::iter::repeat_n(process.clone(), more_events));
        drop(starting);
        Ok(process)
    }

    fn idle(&self) -> Result<Option<Process>, InvokeError> {
        let mut pool = self.pool();
        if pool.stopped {
            return Err(InvokeError::Stopped);
        }
        pool.all.retain(Process::is_alive);
        pool.idle.retain(Process::is_alive);
        Ok(pool.idle.pop())
    }

    /// Freezes a process when it asks for the next event, and returns it to the idle list.
    async fn freeze_when_idle(&self, process: &Process) {
        if self.launch.is_managed() {
            self.pool().idle.push(process.clone());
            return;
        }
        if process.wait_for_next(self.launch.function.timeout).await.is_ok() {
            process.freeze().await;
            if process.phase() == Phase::Frozen {
                self.pool().idle.push(process.clone());
            }
        }
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
