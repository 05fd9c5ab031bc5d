use std::fs::{self, File, OpenOptions, TryLockError};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::account::RunAs;
use super::config::Config;
use super::error::{Error, io};
use super::installation::Installation;
use super::place::{Place, create_given};

/// Time limit for a server to become ready, including crash recovery.
const START_TIMEOUT: Duration = Duration::from_mins(1);
/// Time limit for a server to stop. It ends its sessions immediately, but has to write its buffers to disk.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(30);
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// Address of a server according to its `postmaster.pid`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Postmaster {
    pid: u32,
    /// A part of the socket's name; nothing listens on TCP.
    pub port: u16,
    pub sockets: PathBuf,
    ready: bool,
}

impl Postmaster {
    /// Parses the file: line 1 is the process, 4 the port, 5 the socket directory, 8 the state.
    fn parse(text: &str) -> Option<Self> {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        Some(Self {
            pid: lines.first()?.parse().ok()?,
            port: lines.get(3)?.parse().ok()?,
            sockets: PathBuf::from(lines.get(4)?),
            ready: lines.get(7) == Some(&"ready"),
        })
    }

    /// Returns whether a server listens on the socket; the file may be a leftover.
    fn is_listening(&self) -> bool {
        self.ready && UnixStream::connect(self.sockets.join(format!(".s.PGSQL.{}", self.port))).is_ok()
    }
}

/// Returns the server that listens for the cluster in `data`, whoever started it.
pub(super) fn listening(data: &Path) -> Option<Postmaster> {
    recorded(data).filter(Postmaster::is_listening)
}

fn recorded(data: &Path) -> Option<Postmaster> {
    Postmaster::parse(&fs::read_to_string(data.join("postmaster.pid")).ok()?)
}

/// Returns the major version that created `data`, or `None` if there are no data yet.
pub(super) fn version(data: &Path) -> Option<u32> {
    fs::read_to_string(data.join("PG_VERSION")).ok()?.trim().parse().ok()
}

/// The lock that a server's processes hold. It is their standard input, so it is free exactly when all of them have
/// exited. A process id in a file would not show that.
pub(super) struct ServerLock(File);

/// State of a cluster.
pub(super) enum State {
    Listening(Postmaster),
    Stopped(ServerLock),
}

/// Returns the state, after waiting for a server that is starting or stopping.
pub(super) fn state(place: &Place) -> Result<State, Error> {
    let started = Instant::now();
    let lock = open_lock(place)?;
    loop {
        if let Some(postmaster) = listening(&place.data) {
            return Ok(State::Listening(postmaster));
        }
        if try_lock(&lock, place)? {
            return Ok(State::Stopped(ServerLock(lock)));
        }
        if started.elapsed() > START_TIMEOUT {
            return Err(failed(place, format!("a running server was not ready within {} s", START_TIMEOUT.as_secs())));
        }
        thread::sleep(POLL_INTERVAL);
    }
}

/// Returns whether the server exited within half a minute.
pub(super) fn wait_for_end(place: &Place) -> Result<bool, Error> {
    let started = Instant::now();
    let lock = open_lock(place)?;
    while !try_lock(&lock, place)? {
        if started.elapsed() > SHUTDOWN_TIMEOUT {
            return Ok(false);
        }
        thread::sleep(POLL_INTERVAL);
    }
    Ok(true)
}

/// Ends the sessions and stops the server.
pub(super) fn stop(place: &Place, run_as: RunAs) -> Result<(), Error> {
    if let Some(postmaster) = recorded(&place.data) {
        // `kill` runs as the owner of `postmaster.pid`: that owner chose the process id, and root must not signal
        // arbitrary processes
        let mut kill = Command::new("sh");
        kill.args(["-c", "kill -INT \"$0\""]).arg(postmaster.pid.to_string()).stderr(Stdio::null());
        run_as.apply(&mut kill);
        kill.status().map_err(io("run sh in", &place.data))?;
    }
    if wait_for_end(place)? { Ok(()) } else { Err(Error::Stop(place.data.clone())) }
}

/// Creates an empty cluster with the superuser `postgres`, who needs no password; access is limited by the permissions of the
/// socket directory.
pub(super) fn initdb(place: &Place, installation: &Installation, run_as: RunAs) -> Result<(), Error> {
    // create the cluster under another name and rename it when complete, so that a killed initdb leaves nothing that
    // looks like one
    let incomplete = place.directory.join("data.new");
    if incomplete.exists() {
        fs::remove_dir_all(&incomplete).map_err(io("remove", &incomplete))?;
    }
    create_given(&incomplete, run_as)?;
    let make = |locale: &[&str]| {
        let mut command = installation.command("initdb", run_as);
        command.arg("-D").arg(&incomplete).args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]);
        let output = command.args(locale).stdin(Stdio::null()).output().map_err(io("run initdb in", &incomplete))?;
        let stderr = || String::from_utf8_lossy(&output.stderr).trim().to_owned();
        if output.status.success() { Ok(()) } else { Err(Error::Initdb(stderr())) }
    };
    // the same sort order on every machine, and case mapping beyond ASCII where available
    if installation.major >= 17 {
        make(&["--locale-provider=builtin", "--locale=C.UTF-8"])?;
    } else {
        make(&["--locale=C.UTF-8"]).or_else(|_| make(&["--locale=C"]))?;
    }
    fs::rename(&incomplete, &place.data).map_err(io("rename", &incomplete))
}

/// Starts the server and waits until it is ready.
pub(super) fn spawn(
    place: &Place,
    installation: &Installation,
    run_as: RunAs,
    config: &Config,
    lock: &ServerLock,
) -> Result<Postmaster, Error> {
    // the server of a leftover file has exited, and another process may have its id by now
    let _ = fs::remove_file(place.data.join("postmaster.pid"));
    let log = File::create(log_path(place)).map_err(io("create", &log_path(place)))?;
    let errors = log.try_clone().map_err(io("open", &log_path(place)))?;
    let mut command = installation.command("postgres", run_as);
    command.arg("-D").arg(&place.data).arg("-k").arg(&place.run);
    // a new socket name for each start: a predecessor that is shutting down removes its own socket, not ours
    command.arg("-p").arg(rand::random_range(1024..=u16::MAX).to_string());
    // PostgreSQL uses the last value of a setting, so those of the caller override ours
    command.args(settings(config.durable).flat_map(|setting| ["-c", setting]));
    command.args(config.settings.iter().flat_map(|setting| ["-c", setting]));
    // Ctrl-C does not reach another process group
    let stdin = lock.0.try_clone().map_err(io("open", &place.directory))?;
    command.stdin(stdin).stdout(log).stderr(errors).process_group(0);
    let mut child = command.spawn().map_err(io("run postgres in", &place.data))?;
    drop(command); // closes our copy of the lock's file descriptor
    let postmaster = ready(place, &mut child)?;
    thread::spawn(move || child.wait());
    Ok(postmaster)
}

fn settings(durable: bool) -> impl Iterator<Item = &'static str> {
    let always = [
        "listen_addresses=",
        "unix_socket_permissions=0700",
        "max_connections=200",
        "timezone=UTC",
        "jit=off", // LLVM took 519 ms for one join
        "logging_collector=off",
        "log_checkpoints=off",
        "log_error_verbosity=terse", // the details of an error contain values
        "wal_level=minimal",
        "max_wal_senders=0",
    ];
    let for_speed = ["fsync=off", "full_page_writes=off", "synchronous_commit=off"];
    always.into_iter().chain(for_speed.into_iter().filter(move |_| !durable))
}

fn ready(place: &Place, child: &mut Child) -> Result<Postmaster, Error> {
    let started = Instant::now();
    loop {
        if let Some(postmaster) = listening(&place.data) {
            return Ok(postmaster);
        }
        if let Some(status) = child.try_wait().map_err(io("wait for postgres in", &place.data))? {
            return Err(failed(place, format!("it ended with {status}")));
        }
        if started.elapsed() > START_TIMEOUT {
            let _ = child.kill();
            return Err(failed(place, format!("not ready within {} s", START_TIMEOUT.as_secs())));
        }
        thread::sleep(POLL_INTERVAL);
    }
}

fn open_lock(place: &Place) -> Result<File, Error> {
    let path = place.directory.join("server.lock");
    OpenOptions::new().create(true).append(true).open(&path).map_err(io("open", &path))
}

fn try_lock(lock: &File, place: &Place) -> Result<bool, Error> {
    match lock.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(io("lock", &place.directory)(error)),
    }
}

fn log_path(place: &Place) -> PathBuf {
    place.directory.join("server.log")
}

fn failed(place: &Place, reason: String) -> Error {
    let log = fs::read_to_string(log_path(place)).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    Error::Start { reason, log: lines[lines.len().saturating_sub(8)..].join("\n") }
}

#[cfg(test)]
mod tests {
    use super::Postmaster;
    use std::path::PathBuf;

    const READY: &str = "4711\n/d/data\n1700000000\n23456\n/d/run\n\n  5432001  65537\nready   \n";

    #[test]
    fn reads_the_address_from_a_pid_file() {
        let expected = Postmaster { pid: 4711, port: 23456, sockets: PathBuf::from("/d/run"), ready: true };
        assert_eq!(Postmaster::parse(READY), Some(expected));
    }

    #[test]
    fn a_pid_file_that_is_still_being_written_is_not_ready() {
        let early = READY.lines().take(5).collect::<Vec<_>>().join("\n");
        assert!(!Postmaster::parse(&early).unwrap().ready);
        assert_eq!(Postmaster::parse("4711\n/d/data\n"), None);
    }
}
