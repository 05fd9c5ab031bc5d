//! The container's server as a child process.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::lambda::ProcessGroup;

/// Longer than the ten seconds that the server gives requests in flight. A server that takes longer hangs.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(15);
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A process of `augmed-server`. It ends with this process, however this process ends.
pub(super) struct ServerProcess {
    child: Child,
    address: SocketAddr,
    _group: ProcessGroup,
}

/// Why the server does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// It did not start.
    #[error("cannot start the server: {0}")]
    Start(#[from] io::Error),
    /// It exited; its log says why.
    #[error("the server exited ({0}); see its log above")]
    Ended(ExitStatus),
}

impl ServerProcess {
    /// Starts the server and waits until it listens. Its log goes to standard error.
    pub async fn start(binary: &Path, environment: &BTreeMap<String, String>, port: u16) -> Result<Self, ServerError> {
        let group = ProcessGroup::new()?;
        let mut command = Command::new(binary);
        for name in environment.keys() {
            command.env_remove(format!("{name}_PARAMETER"));
        }
        let child = command
            .envs(environment)
            .env("PORT", port.to_string())
            .stdin(Stdio::null())
            .stdout(io::stderr())
            .process_group(group.id())
            .kill_on_drop(true)
            .spawn()?;
        let mut server = Self { child, address: (Ipv4Addr::LOCALHOST, port).into(), _group: group };
        server.listens().await?;
        Ok(server)
    }

    /// Returns the address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until the server exits unexpectedly.
    pub async fn ended(&mut self) -> ServerError {
        match self.child.wait().await {
            Ok(status) => ServerError::Ended(status),
            Err(error) => error.into(),
        }
    }

    /// Stops the server after it has finished requests in flight.
    pub async fn stop(mut self) -> Result<(), ServerError> {
        if let Some(id) = self.child.id() {
            // it may just have exited
            let _ = kill(Pid::from_raw(id.cast_signed()), Signal::SIGTERM);
        }
        match tokio::time::timeout(SHUTDOWN_TIMEOUT, self.child.wait()).await {
            Ok(Ok(status)) if !status.success() => Err(ServerError::Ended(status)),
            Ok(waited) => Ok(waited.map(drop)?),
            Err(_) => Ok(self.child.kill().await?),
        }
    }

    async fn listens(&mut self) -> Result<(), ServerError> {
        while TcpStream::connect(self.address).await.is_err() {
            if let Some(status) = self.child.try_wait()? {
                return Err(ServerError::Ended(status));
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        Ok(())
    }
}
