//! A disposable PostgreSQL server with fixed settings for the measurements.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use local::postgres::{Config, Search, Server};
use migrate::Runner;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, Executor as _, PgConnection};
use tokio::process::Command;
use tokio::task::spawn_blocking;

use crate::{Failure, process};

/// In addition to the settings of `local` (no fsync, no commit waits for the disk: the disk is not measured).
const SETTINGS: [(&str, &str); 5] = [
    ("shared_buffers", "1GB"),
    ("max_wal_size", "8GB"),
    ("checkpoint_timeout", "1h"),
    // tables are analysed once after they are filled; nothing runs beside a measurement
    ("autovacuum", "off"),
    // the complete statement of a handler is read from pg_stat_activity
    ("track_activity_query_size", "16kB"),
];

/// Prefix of the data directory, followed by our process id: on a disk, where PostgreSQL's account has access.
const DIRECTORY: &str = "/var/tmp/augmed-benches-";

/// A running server.
pub struct Cluster {
    server: Server,
    /// Directory of `pgbench` and `psql`.
    programs: PathBuf,
}

/// A database on the server.
#[derive(Clone, Debug)]
pub struct Database {
    /// `postgresql://…`
    pub url: String,
    postmaster: u32,
}

impl Cluster {
    /// Starts a server with its own name and further settings.
    pub async fn start(name: &'static str, settings: &'static [(&'static str, &'static str)]) -> Result<Self, Failure> {
        let (server, programs) = spawn_blocking(|| start(name, settings)).await??;
        Ok(Self { server, programs })
    }

    /// Creates an empty, migrated database.
    pub async fn database(&self, name: &str) -> Result<Database, Failure> {
        let mut connection = PgConnection::connect(&self.server.url("postgres")).await?;
        connection.execute(format!("CREATE DATABASE {name}").as_str()).await?;
        let url = self.server.url(name);
        Runner::new(&url.parse::<PgConnectOptions>()?).up(None).await?;
        Ok(Database { url, postmaster: self.postmaster()? })
    }

    /// Returns the server's version.
    pub async fn version(&self) -> Result<String, Failure> {
        let mut connection = PgConnection::connect(&self.server.url("postgres")).await?;
        Ok(sqlx::query_scalar("SHOW server_version").fetch_one(&mut connection).await?)
    }

    /// Returns a command for one of its programs, `pgbench` or `psql`.
    pub fn program(&self, name: &str) -> Result<Command, Failure> {
        let path = self.programs.join(name);
        if !path.exists() {
            return Err(format!("{} is missing: install PostgreSQL with its client programs", path.display()).into());
        }
        let mut command = Command::new(path);
        command.env("LC_ALL", "C").kill_on_drop(true);
        Ok(command)
    }

    fn postmaster(&self) -> Result<u32, Failure> {
        let file = fs::read_to_string(self.server.directory().join("data/postmaster.pid"))?;
        Ok(file.lines().next().unwrap_or_default().trim().parse()?)
    }

    /// Stops the server and removes its data.
    pub async fn remove(self) -> Result<(), Failure> {
        spawn_blocking(move || {
            let directory = self.server.directory().to_owned();
            self.server.stop()?;
            // the watchdog may write there in the meantime
            Ok(fs::remove_dir_all(&directory).or_else(|_| fs::remove_dir_all(&directory))?)
        })
        .await?
    }
}

impl Database {
    /// Returns the same database, at another address.
    pub fn at(&self, url: String) -> Self {
        Self { url, postmaster: self.postmaster }
    }

    /// Opens a connection.
    pub async fn connect(&self) -> Result<PgConnection, Failure> {
        Ok(PgConnection::connect(&self.url).await?)
    }

    /// Returns the CPU time of the server's processes so far.
    pub fn cpu(&self) -> Result<Duration, Failure> {
        // a child may end in the meantime
        Ok(self.processes()?.into_iter().filter_map(|process| process::cpu(process).ok()).sum())
    }

    /// Returns the server's process ids.
    pub fn processes(&self) -> Result<Vec<u32>, Failure> {
        process::with_children(self.postmaster)
    }
}

fn start(name: &str, settings: &[(&str, &str)]) -> Result<(Server, PathBuf), Failure> {
    sweep()?;
    let config = Config::test(format!("{DIRECTORY}{}{name}", std::process::id())).linger(Duration::from_secs(5));
    let config = config.settings(&SETTINGS).settings(settings);
    Ok((Server::start(&config)?, Search::from_env().find(None)?.bin))
}

/// Removes the data of killed runs; their servers end with them.
fn sweep() -> Result<(), Failure> {
    for entry in fs::read_dir("/var/tmp")?.flatten() {
        let path = entry.path();
        let run = path.to_str().and_then(|path| path.strip_prefix(DIRECTORY));
        let run = run.map(|run| format!("/proc/{}", run.trim_end_matches(|end: char| !end.is_ascii_digit())));
        if run.is_some_and(|process| !Path::new(&process).exists()) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}
