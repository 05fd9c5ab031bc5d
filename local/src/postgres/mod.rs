//! PostgreSQL for `cargo dev` and `cargo test`: a real server, without a system service, Docker or root.
//!
//! Each directory is a cluster with one server, which all processes share. The first process starts the server, and a
//! watchdog stops it some time after the last process has ended, for whatever reason. PostgreSQL is an installed one,
//! or is downloaded once.
//!
//! Everything here blocks, for seconds at the first start: use `tokio::task::spawn_blocking` in async code.

mod account;
mod archive;
mod cluster;
mod config;
mod download;
mod error;
mod installation;
mod npm;
mod place;
mod search;
mod source;
mod watchdog;

pub use config::Config;
pub use error::{Attempt, Error};
pub use installation::Installation;
pub use place::scratch_directory;
pub use search::Search;

use std::fs::{self, File};
use std::path::Path;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use account::RunAs;
use cluster::{Postmaster, ServerLock, State};
use place::Place;

const IN_URL: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Returns the address in this environment variable: `DATABASE_URL`, or `TEST_DATABASE_URL` for tests. That database
/// takes precedence over our own server. An empty variable counts as unset.
pub fn given(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|url| !url.is_empty())
}

/// A running server. It runs as long as any process holds a value of this type, and for the configured time after that.
#[derive(Debug)]
pub struct Server {
    place: Place,
    postmaster: Postmaster,
    started: Started,
    run_as: RunAs,
    _user: watchdog::User,
}

/// How the server was started.
#[derive(Clone, Debug)]
pub enum Started {
    /// It was already running.
    AlreadyRunning,
    /// Its data existed.
    Restarted(Installation),
    /// Its data were created.
    Created(Installation),
}

impl Server {
    /// Finds, starts or creates the cluster of `config`, and waits until it is ready.
    pub fn start(config: &Config) -> Result<Self, Error> {
        let run_as = RunAs::current()?;
        let place = Place::prepare(&config.directory, run_as)?;
        let _starting = lock(&place.directory.join("start.lock"))?;
        place::create_given(&place.run, run_as)?;
        let user = watchdog::join(&place, config.linger, run_as)?;
        let (postmaster, started) = match cluster::state(&place)? {
            State::Listening(postmaster) => (postmaster, Started::AlreadyRunning),
            State::Stopped(lock) => run(config, &place, run_as, &lock)?,
        };
        Ok(Self { place, postmaster, started, run_as, _user: user })
    }

    /// Returns the `postgresql://…` address of a database on this server, as understood by sqlx, libpq and psql.
    pub fn url(&self, database: &str) -> String {
        let sockets = self.postmaster.sockets.to_string_lossy();
        let (database, sockets) = (utf8_percent_encode(database, IN_URL), utf8_percent_encode(&sockets, IN_URL));
        format!("postgresql://postgres@localhost:{}/{database}?host={sockets}", self.postmaster.port)
    }

    /// Returns how the server was started.
    pub fn started(&self) -> &Started {
        &self.started
    }

    /// Returns the directory of its data, locks and `server.log`: the one in [`Config`], unless PostgreSQL cannot access it.
    pub fn directory(&self) -> &Path {
        &self.place.directory
    }

    /// Ends all sessions and stops the server, even if others use it. Not needed at the end of a process, because the watchdog
    /// does it.
    pub fn stop(self) -> Result<(), Error> {
        cluster::stop(&self.place, self.run_as)
    }
}

fn run(config: &Config, place: &Place, run_as: RunAs, lock: &ServerLock) -> Result<(Postmaster, Started), Error> {
    let spawn = |installation: &Installation| cluster::spawn(place, installation, run_as, config, lock);
    if let Some(version) = cluster::version(&place.data) {
        let again = config
            .search
            .find(Some(version))
            .and_then(|installation| Ok((spawn(&installation)?, Started::Restarted(installation))));
        if again.is_ok() || config.durable {
            return again;
        }
        // replace a cluster that cannot be started, because its data need not last
        fs::remove_dir_all(&place.data).map_err(error::io("remove", &place.data))?;
    }
    let installation = config.search.find(None)?;
    cluster::initdb(place, &installation, run_as)?;
    Ok((spawn(&installation)?, Started::Created(installation)))
}

fn lock(path: &Path) -> Result<File, Error> {
    let file = File::create(path).map_err(error::io("create", path))?;
    file.lock().map_err(error::io("lock", path))?;
    Ok(file)
}
