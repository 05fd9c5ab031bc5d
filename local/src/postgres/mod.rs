//! PostgreSQL for `cargo dev` and `cargo test`: a real one, without a service, Docker or rights of root.
//!
//! A directory is a cluster, and a cluster has one server, which every process shares that asks for it. The first one
//! starts it, and a watchdog stops it a while after the last one has ended, however that came. PostgreSQL itself is one
//! that is installed, or is downloaded once.
//!
//! Everything here blocks, for seconds at the first start: call it with `tokio::task::spawn_blocking` from async code.

mod account;
mod archive;
mod cluster;
mod download;
mod error;
mod installation;
mod npm;
mod place;
mod search;
mod watchdog;

pub use error::{Attempt, Error};
pub use installation::Installation;
pub use place::scratch_directory;
pub use search::Search;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use account::RunAs;
use cluster::{Postmaster, ServerLock, State};
use place::Place;

const IN_URL: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The database that the environment names in `variable`: `DATABASE_URL`, or `TEST_DATABASE_URL` for tests. It goes
/// before any server of ours; unset and empty are the same.
pub fn given(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|url| !url.is_empty())
}

/// A cluster and how it is run.
#[derive(Clone, Debug)]
pub struct Config {
    directory: PathBuf,
    durable: bool,
    linger: Duration,
    search: Search,
}

impl Config {
    /// Data that are to stay: written to the disk before a commit returns.
    pub fn dev(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into(), durable: true, linger: Duration::from_secs(2), search: Search::from_env() }
    }

    /// Data that nobody misses: fast, made anew when they do not work any more, and kept for five minutes for a look at
    /// a failed test.
    pub fn test(directory: impl Into<PathBuf>) -> Self {
        Self { durable: false, linger: Duration::from_mins(5), ..Self::dev(directory) }
    }

    /// The server is stopped this long after its last user has gone. Whole seconds, at least one.
    #[must_use]
    pub fn linger(self, linger: Duration) -> Self {
        Self { linger, ..self }
    }

    /// Looks for PostgreSQL elsewhere than the environment says.
    #[must_use]
    pub fn search(self, search: Search) -> Self {
        Self { search, ..self }
    }
}

/// A running server. It runs for as long as any process has one of these, and a while longer.
#[derive(Debug)]
pub struct Server {
    place: Place,
    postmaster: Postmaster,
    started: Started,
    run_as: RunAs,
    _user: watchdog::User,
}

/// What it took to have a server.
#[derive(Clone, Debug)]
pub enum Started {
    /// It was running already.
    Before,
    /// Its data were there.
    Again(Installation),
    /// There was nothing.
    Anew(Installation),
}

impl Server {
    /// Finds, starts or makes the cluster that `config` describes, and waits until it is ready.
    pub fn start(config: &Config) -> Result<Self, Error> {
        let run_as = RunAs::current()?;
        let place = Place::prepare(&config.directory, run_as)?;
        let _starting = lock(&place.directory.join("start.lock"))?;
        place::create_given(&place.run, run_as)?;
        let user = watchdog::join(&place, config.linger, run_as)?;
        let (postmaster, started) = match cluster::state(&place)? {
            State::Listening(postmaster) => (postmaster, Started::Before),
            State::Stopped(lock) => run(config, &place, run_as, &lock)?,
        };
        Ok(Self { place, postmaster, started, run_as, _user: user })
    }

    /// `postgresql://…` of one database on this server, as sqlx, libpq and psql understand it.
    pub fn url(&self, database: &str) -> String {
        let sockets = self.postmaster.sockets.to_string_lossy();
        let (database, sockets) = (utf8_percent_encode(database, IN_URL), utf8_percent_encode(&sockets, IN_URL));
        format!("postgresql://postgres@localhost:{}/{database}?host={sockets}", self.postmaster.port)
    }

    /// What it took to have it.
    pub fn started(&self) -> &Started {
        &self.started
    }

    /// Where its data, its locks and `server.log` are: where [`Config`] wants them, unless PostgreSQL could not get
    /// there.
    pub fn directory(&self) -> &Path {
        &self.place.directory
    }

    /// Ends all sessions and the server, whoever uses it. At the end of a process there is no need to: the watchdog
    /// does it.
    pub fn stop(self) -> Result<(), Error> {
        cluster::stop(&self.place, self.run_as)
    }
}

fn run(config: &Config, place: &Place, run_as: RunAs, lock: &ServerLock) -> Result<(Postmaster, Started), Error> {
    let spawn = |installation: &Installation| cluster::spawn(place, installation, run_as, config.durable, lock);
    if let Some(version) = cluster::version(&place.data) {
        let again = config
            .search
            .find(Some(version))
            .and_then(|installation| Ok((spawn(&installation)?, Started::Again(installation))));
        if again.is_ok() || config.durable {
            return again;
        }
        fs::remove_dir_all(&place.data).map_err(error::io("remove", &place.data))?;
    }
    let installation = config.search.find(None)?;
    cluster::initdb(place, &installation, run_as)?;
    Ok((spawn(&installation)?, Started::Anew(installation)))
}

fn lock(path: &Path) -> Result<File, Error> {
    let file = File::create(path).map_err(error::io("create", path))?;
    file.lock().map_err(error::io("lock", path))?;
    Ok(file)
}
