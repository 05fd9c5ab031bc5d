//! PostgreSQL for the measurements: a server of its own with fixed settings, thrown away afterwards.

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

/// Beside what `local` sets (no fsync, no commit waits for the disk: what is measured is work, not the disk).
const SETTINGS: [(&str, &str); 5] = [
    ("shared_buffers", "1GB"),
    ("max_wal_size", "8GB"),
    ("checkpoint_timeout", "1h"),
    // tables are analysed once they are filled; nothing runs beside a measurement
    ("autovacuum", "off"),
    // a handler's statement is read from pg_stat_activity, whole
    ("track_activity_query_size", "16kB"),
];

/// Where data are, with the number of this process: on a disk, where the account PostgreSQL runs under can get to.
const DIRECTORY: &str = "/var/tmp/augmed-benches-";

/// A running server.
pub struct Cluster {
    server: Server,
    /// Of `pgbench` and `psql`.
    programs: PathBuf,
}

/// A database of it.
#[derive(Clone, Debug)]
pub struct Database {
    /// `postgresql://…`
    pub url: String,
    postmaster: u32,
}

impl Cluster {
    /// Makes one, with a name of its own and further settings.
    pub async fn start(name: &'static str, settings: &'static [(&'static str, &'static str)]) -> Result<Self, Failure> {
        let (server, programs) = spawn_blocking(|| start(name, settings)).await??;
        Ok(Self { server, programs })
    }

    /// An empty database with the schema of the migrations.
    pub async fn database(&self, name: &str) -> Result<Database, Failure> {
        let mut connection = PgConnection::connect(&self.server.url("postgres")).await?;
        connection.execute(format!("CREATE DATABASE {name}").as_str()).await?;
        let url = self.server.url(name);
        Runner::new(&url.parse::<PgConnectOptions>()?).up(None).await?;
        Ok(Database { url, postmaster: self.postmaster()? })
    }

    /// Its version, as it says itself.
    pub async fn version(&self) -> Result<String, Failure> {
        let mut connection = PgConnection::connect(&self.server.url("postgres")).await?;
        Ok(sqlx::query_scalar("SHOW server_version").fetch_one(&mut connection).await?)
    }

    /// One of its programs, `pgbench` or `psql`.
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

    /// Stops it and removes its data.
    pub async fn remove(self) -> Result<(), Failure> {
        spawn_blocking(move || {
            let directory = self.server.directory().to_owned();
            self.server.stop()?;
            // its watchdog may write there meanwhile
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

    /// A connection to it.
    pub async fn connect(&self) -> Result<PgConnection, Failure> {
        Ok(PgConnection::connect(&self.url).await?)
    }

    /// CPU time of the server's processes so far.
    pub fn cpu(&self) -> Result<Duration, Failure> {
        // a child may end while it is looked at
        Ok(self.processes()?.into_iter().filter_map(|process| process::cpu(process).ok()).sum())
    }

    /// The server's processes.
    pub fn processes(&self) -> Result<Vec<u32>, Failure> {
        process::with_children(self.postmaster)
    }
}

fn start(name: &str, settings: &[(&str, &str)]) -> Result<(Server, PathBuf), Failure> {
    sweep()?;
    let config = Config::test(format!("{DIRECTORY}{}{name}", std::process::id())).linger(Duration::from_secs(5));
    let server = Server::start(&config)?;
    configure(server.url("postgres"), settings)?;
    server.stop()?;
    Ok((Server::start(&config)?, Search::from_env().find(None)?.bin))
}

/// Removes what killed runs have left; their servers end with them.
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

/// Some are read at a start only.
fn configure(url: String, settings: &[(&str, &str)]) -> Result<(), Failure> {
    let set = async move {
        let mut connection = PgConnection::connect(&url).await?;
        for (name, value) in SETTINGS.iter().chain(settings) {
            connection.execute(format!("ALTER SYSTEM SET {name} = '{value}'").as_str()).await?;
        }
        Ok(())
    };
    tokio::runtime::Handle::current().block_on(set)
}
