//! A separate PostgreSQL with fsync, so that acknowledged writes survive when it is killed.

use std::fs;
use std::process::Command;
use std::time::Duration;

use local::postgres::{Config, Server};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;
use tokio::task::spawn_blocking;

use crate::open_directory::open_directory;

/// A running server.
pub struct Postgres {
    server: Server,
    config: Config,
    // dropped last
    _directory: TempDir,
}

impl Postgres {
    /// Starts an empty server.
    pub async fn start() -> Self {
        let directory = open_directory();
        let config = Config::dev(directory.path());
        Self { server: start(&config).await, config, _directory: directory }
    }

    /// Returns the address of its database `postgres`.
    pub fn url(&self) -> String {
        self.server.url("postgres")
    }

    /// Kills the server and each of its sessions (SIGKILL). Returns when the server is gone.
    pub async fn kill(&self) {
        let file = fs::read_to_string(self.server.directory().join("data/postmaster.pid")).expect("the server runs");
        let postmaster: i32 = file.lines().next().unwrap_or_default().parse().expect("a process id");
        let sessions =
            Command::new("ps").args(["-o", "pid=", "--ppid", &postmaster.to_string()]).output().expect("ps runs");
        let sessions = String::from_utf8_lossy(&sessions.stdout).into_owned();
        let postmaster = Pid::from_raw(postmaster);
        kill(postmaster, Signal::SIGKILL).expect("the server runs");
        for session in sessions.split_whitespace() {
            // the session may have ended with the server
            let _ = kill(Pid::from_raw(session.parse().expect("a process id")), Signal::SIGKILL);
        }
        while kill(postmaster, None).is_ok() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Starts the server with its existing data, and returns when it accepts connections.
    pub async fn start_again(&mut self) {
        self.server = start(&self.config).await;
    }

    /// Stops the server.
    pub async fn stop(self) {
        spawn_blocking(move || self.server.stop()).await.expect("no panic").unwrap_or_else(|error| panic!("{error}"));
    }
}

async fn start(config: &Config) -> Server {
    let config = config.clone();
    spawn_blocking(move || Server::start(&config)).await.expect("no panic").unwrap_or_else(|error| panic!("{error}"))
}
