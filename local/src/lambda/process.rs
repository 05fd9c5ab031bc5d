//! One process of a function; Lambda calls it an execution environment.

use std::io::{BufRead as _, BufReader, PipeWriter, pipe};
use std::net::Ipv4Addr;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use hyper::body::Bytes;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot, watch};
use uuid::Uuid;

use super::environment::environment;
use super::invoke_error::InvokeError;
use super::launch::Launch;
use super::phase::Phase;
use super::runtime_api::{Invocation, RuntimeApi};

/// Lambda's limit for initialisation; if it is exceeded, the function's timeout applies instead.
const INIT_TIMEOUT: Duration = Duration::from_secs(10);

/// A process of a function. It is killed when the last handle is dropped.
#[derive(Clone)]
pub struct Process {
    pid: u32,
    phase: watch::Receiver<Phase>,
    signals: mpsc::UnboundedSender<Request>,
    invocations: mpsc::Sender<Invocation>,
}

/// A signal to send, and the channel that reports that it was sent.
struct Request {
    signal: Signal,
    sent: oneshot::Sender<()>,
}

/// Why an invocation failed, and whether another process may retry it.
pub(super) enum Failure {
    /// The process exited before it received the event.
    Undelivered,
    /// The event cannot be retried.
    Final(InvokeError),
}

impl Process {
    /// Starts a process, without waiting for its initialisation.
    pub(super) async fn start(launch: &Launch) -> Result<Self, InvokeError> {
        let problem = |error: std::io::Error| InvokeError::Start(format!("{}: {error}", launch.binary.display()));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(problem)?;
        let address = listener.local_addr().map_err(problem)?;
        let child = Command::new(&launch.binary)
            .env_clear()
            .envs(environment(&launch.function, &launch.binary, address, &launch.given, &launch.everywhere))
            .envs(launch.is_managed().then(|| ("AWS_LAMBDA_MAX_CONCURRENCY", launch.max_concurrency.to_string())))
            .stdin(Stdio::null())
            .stdout(pass_on(launch).map_err(problem)?)
            .stderr(pass_on(launch).map_err(problem)?)
            .process_group(launch.group.id())
            .kill_on_drop(true)
            .spawn()
            .map_err(problem)?;
        let pid = child.id().ok_or_else(|| InvokeError::Start("it exited immediately".into()))?;

        let phase = Arc::new(watch::Sender::new(Phase::Starting));
        let (signals, requests) = mpsc::unbounded_channel();
        let (invocations, pending) = mpsc::channel(1);
        let process = Self { pid, phase: phase.subscribe(), signals, invocations };
        let api = RuntimeApi::new(phase.clone(), pending, launch.is_managed()).serve(listener);
        let group = launch.group.clone();
        tokio::spawn(async move {
            let server = tokio::spawn(api);
            supervise(child, requests, phase).await;
            server.abort();
            drop(group);
        });
        Ok(process)
    }

    /// Returns its process id.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Returns its state.
    pub fn phase(&self) -> Phase {
        self.phase.borrow().clone()
    }

    /// Returns whether it is running or frozen.
    pub fn is_alive(&self) -> bool {
        self.phase.borrow().why_ended().is_none()
    }

    /// Stops the process between two invocations. Meanwhile clocks keep running and connections age.
    pub async fn freeze(&self) {
        self.send(Signal::SIGSTOP).await;
    }

    /// Kills the process and waits until it has exited.
    pub async fn kill(&self) {
        self.send(Signal::SIGKILL).await;
        self.wait_for_phase(|phase| phase.why_ended().is_some()).await;
    }

    /// Waits until the process is frozen or has exited.
    pub async fn wait_until_idle(&self) {
        self.wait_for_phase(|phase| matches!(phase, Phase::Frozen | Phase::Ended(_))).await;
    }

    /// Waits until the process asks for the next event; kills it if that takes longer than `at_most`.
    pub(super) async fn wait_for_next(&self, at_most: Duration) -> Result<(), InvokeError> {
        let ready = self.wait_for_phase(|phase| !matches!(phase, Phase::Starting | Phase::Running));
        let Ok(phase) = tokio::time::timeout(at_most, ready).await else {
            self.kill().await;
            return Err(InvokeError::Start("it did not ask for an event in time".into()));
        };
        phase.why_ended().map_or(Ok(()), |why| Err(InvokeError::Start(why.to_owned())))
    }

    /// Returns the time limit for initialisation.
    pub(super) fn init_timeout(launch: &Launch) -> Duration {
        INIT_TIMEOUT + launch.function.timeout
    }

    /// Invokes the process with an event, and kills it if it takes too long.
    pub(super) async fn invoke(&self, launch: &Launch, event: Bytes, trace: String) -> Result<Bytes, Failure> {
        let timeout = launch.function.timeout;
        let delivered = Arc::new(AtomicBool::new(false));
        let (outcome, answered) = oneshot::channel();
        self.send(Signal::SIGCONT).await;
        let invocation = Invocation {
            id: Uuid::new_v4().to_string(),
            event,
            deadline: SystemTime::now() + timeout,
            function_arn: launch.function.arn.clone(),
            trace,
            delivered: delivered.clone(),
            outcome,
        };
        if self.invocations.send(invocation).await.is_err() {
            return Err(Failure::Undelivered);
        }
        tokio::select! {
            biased;
            outcome = answered => match outcome {
                Ok(outcome) => outcome.map_err(Failure::Final),
                Err(_) if self.is_alive() => Err(Failure::Final(InvokeError::NoAnswer)),
                Err(_) => Err(self.lost(delivered.load(Ordering::SeqCst))),
            },
            _ = self.wait_for_phase(|phase| phase.why_ended().is_some()) => {
                Err(self.lost(delivered.load(Ordering::SeqCst)))
            }
            () = tokio::time::sleep(timeout) => {
                self.kill().await;
                Err(Failure::Final(InvokeError::TimedOut(timeout.as_secs())))
            }
        }
    }

    fn lost(&self, delivered: bool) -> Failure {
        match self.phase.borrow().why_ended() {
            Some(why) if delivered => Failure::Final(InvokeError::Ended(why.to_owned())),
            _ => Failure::Undelivered,
        }
    }

    async fn send(&self, signal: Signal) {
        let (sent, received) = oneshot::channel();
        // sending and receiving fail only if the process has exited; then there is nothing to signal
        if self.signals.send(Request { signal, sent }).is_ok() {
            let _ = received.await;
        }
    }

    async fn wait_for_phase(&self, wanted: impl FnMut(&Phase) -> bool) -> Phase {
        let mut phase = self.phase.clone();
        let reached = phase.wait_for(wanted).await.map(|phase| phase.clone());
        reached.unwrap_or_else(|_| Phase::Ended("the platform is stopped".into()))
    }
}

/// Owns the child until it exits. Only this task sends signals, because only it knows that the child has not been
/// waited for: until then, the system does not reuse the process id.
async fn supervise(mut child: Child, mut requests: mpsc::UnboundedReceiver<Request>, phase: Arc<watch::Sender<Phase>>) {
    let status = loop {
        tokio::select! {
            status = child.wait() => break status,
            request = requests.recv() => {
                // all handles have been dropped
                let Some(Request { signal, sent }) = request else { break child.kill().await.and(child.wait().await) };
                signal_child(&child, signal, &phase);
                let _ = sent.send(());
            }
        }
    };
    let why = status.map_or_else(|error| error.to_string(), |status| status.to_string());
    phase.send_modify(|phase| phase.end(why));
}

fn signal_child(child: &Child, signal: Signal, phase: &watch::Sender<Phase>) {
    let Some(pid) = child.id() else { return };
    if signal == Signal::SIGSTOP && *phase.borrow() != Phase::Waiting {
        return;
    }
    if kill(Pid::from_raw(pid.cast_signed()), signal).is_err() {
        return;
    }
    phase.send_if_modified(|phase| match (signal, &phase) {
        (Signal::SIGSTOP, Phase::Waiting) => {
            *phase = Phase::Frozen;
            true
        }
        (Signal::SIGCONT, Phase::Frozen) => {
            *phase = Phase::Waiting;
            true
        }
        _ => false,
    });
}

/// Forwards the process's output, line by line, until it closes the stream.
fn pass_on(launch: &Launch) -> std::io::Result<PipeWriter> {
    let (reader, writer) = pipe()?;
    let (name, log) = (launch.function.binary.clone(), launch.log.clone());
    // a thread instead of a task, so that the last lines are read even after the runtime has ended
    thread::spawn(move || {
        for line in BufReader::new(reader).split(b'\n').map_while(Result::ok) {
            log(&name, &String::from_utf8_lossy(&line));
        }
    });
    Ok(writer)
}
