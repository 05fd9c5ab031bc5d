//! A function's process behind the Runtime API of `local`, never frozen.

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use hyper::body::Bytes;
use local::lambda::{Invocation, Phase, RuntimeApi};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::{Failure, process};

/// Longer than any invocation takes.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A function process.
pub struct FunctionProcess {
    pub pid: u32,
    started: Instant,
    child: Child,
    phase: watch::Receiver<Phase>,
    invocations: mpsc::Sender<Invocation>,
    runtime_api: JoinHandle<()>,
}

impl FunctionProcess {
    /// Starts a process with exactly this environment.
    pub async fn start(binary: &Path, environment: &[(&str, String)]) -> Result<Self, Failure> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let phase = Arc::new(watch::Sender::new(Phase::Starting));
        let (invocations, pending) = mpsc::channel(1);
        let mut command = Command::new(binary);
        command.env_clear().envs(environment.iter().map(|(name, value)| (name, value)));
        command.env("AWS_LAMBDA_RUNTIME_API", listener.local_addr()?.to_string());
        command.envs([
            ("AWS_LAMBDA_FUNCTION_NAME", "bench"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/bench"),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "bench"),
            ("AWS_REGION", "eu-west-1"),
        ]);
        let receiver = phase.subscribe();
        let runtime_api = tokio::spawn(RuntimeApi::new(phase, pending, false).serve(listener));
        let started = Instant::now();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true).spawn()?;
        let pid = child.id().ok_or("the function has exited")?;
        Ok(Self { pid, started, child, phase: receiver, invocations, runtime_api })
    }

    /// Waits until it asks for its first event; returns the time since its start.
    pub async fn ready(&mut self) -> Result<Duration, Failure> {
        let waiting = self.phase.wait_for(|phase| *phase != Phase::Starting);
        tokio::select! {
            phase = tokio::time::timeout(TIMEOUT, waiting) => drop(phase??),
            status = self.child.wait() => return Err(format!("the function ended before its first event: {}", status?).into()),
        }
        Ok(self.started.elapsed())
    }

    /// Invokes it. A status other than 200 is an error, unless `may_refuse` is set.
    pub async fn invoke(&mut self, event: Bytes) -> Result<Bytes, Failure> {
        let (outcome, answered) = oneshot::channel();
        let invocation = Invocation {
            id: Uuid::new_v4().to_string(),
            event,
            deadline: SystemTime::now() + TIMEOUT,
            function_arn: "arn:aws:lambda:eu-west-1:000000000000:function:bench".to_owned(),
            trace: "Root=1-65000000-000000000000000000000000".to_owned(),
            delivered: Arc::default(),
            outcome,
        };
        self.invocations.send(invocation).await.map_err(|_| "the function's Runtime API is gone")?;
        tokio::select! {
            answer = tokio::time::timeout(TIMEOUT, answered) => Ok(answer???),
            status = self.child.wait() => Err(format!("the function ended: {}", status?).into()),
        }
    }

    /// Returns the time since its start.
    pub fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// Returns its CPU time so far.
    pub fn cpu(&self) -> Result<Duration, Failure> {
        process::cpu(self.pid)
    }

    /// Ends it.
    pub async fn end(mut self) -> Result<(), Failure> {
        self.child.kill().await?;
        self.runtime_api.abort();
        Ok(())
    }
}

/// Returns an error unless the answer is a success.
pub fn succeeded(answer: &Bytes) -> Result<(), Failure> {
    let answer: Value = serde_json::from_slice(answer)?;
    if answer["statusCode"] == 200 {
        Ok(())
    } else {
        Err(format!("the function answers {}", answer["statusDescription"]).into())
    }
}
