//! The container's server as a separate process.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::postgres::Database;
use crate::study::JWT_SECRET_KEY;
use crate::{Failure, process};

/// Key for `/admin` and `/api/v1`.
pub const API_KEY: &str = "bench-api-key-0123456789abcdef";
/// The maximum number of clients, which pgbench has as well.
pub const MAX_CONNECTIONS: usize = 64;

/// Returns the environment of the server and the functions.
pub fn environment(database: &Database) -> [(&'static str, String); 9] {
    [
        ("DATABASE_URL", database.url.clone()),
        ("DATABASE_MAX_CONNECTIONS", MAX_CONNECTIONS.to_string()),
        ("JWT_SECRET_KEY", JWT_SECRET_KEY.to_owned()),
        // template.yaml names a parameter for it, which only a value overrides
        ("JWT_SECRET_KEY_REVOKED_VERSIONS", "none".to_owned()),
        ("ADMIN_API_KEY", API_KEY.to_owned()),
        ("EXPORT_API_KEY", API_KEY.to_owned()),
        ("CORS_ORIGINS", "https://study.example".to_owned()),
        ("FRONTEND_URL", "https://study.example".to_owned()),
        ("MAIL_TRANSPORT", "log".to_owned()),
    ]
}

/// `augmed-server`.
pub struct ServerProcess {
    pub port: u16,
    pub pid: u32,
    child: Child,
}

impl ServerProcess {
    /// Starts the server and waits until it listens. It writes its log, which is discarded.
    pub async fn start(binary: &Path, database: &Database) -> Result<Self, Failure> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let mut command = Command::new(binary);
        command.env_clear().envs(environment(database)).env("PORT", port.to_string());
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true).spawn()?;
        let pid = child.id().ok_or("the server has exited")?;
        let mut server = Self { port, pid, child };
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err() {
            if let Some(status) = server.child.try_wait()? {
                return Err(format!("the server ended: {status}").into());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(server)
    }

    /// Returns its CPU time so far.
    pub fn cpu(&self) -> Result<Duration, Failure> {
        process::cpu(self.pid)
    }

    /// Ends it.
    pub async fn stop(mut self) -> Result<(), Failure> {
        kill(Pid::from_raw(self.pid.cast_signed()), Signal::SIGTERM)?;
        self.child.wait().await?;
        Ok(())
    }
}
