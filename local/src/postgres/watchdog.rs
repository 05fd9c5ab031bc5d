//! Stops the server when its users have ended: test processes run no destructors and are sometimes killed.
//!
//! Every user of a server holds its FIFO open, and the kernel closes it when the process ends, for whatever reason. The
//! watchdog reads the FIFO until the last user has closed it. It is a shell script, because it must outlive this
//! process and none of our programs has a known path.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::account::RunAs;
use super::cluster;
use super::error::{Error, io};
use super::place::Place;

/// Keeps the server running until it is dropped.
#[derive(Debug)]
pub(super) struct User(#[allow(dead_code, reason = "held open")] File);

/// Registers this process as a user of the server, with a new watchdog if there is none. Call it while holding the start lock.
pub(super) fn join(place: &Place, linger: Duration, run_as: RunAs) -> Result<User, Error> {
    let fifo = place.directory.join("users");
    let joined = announce(&fifo).ok();
    // order matters: from here on the watchdog cannot decide to stop the server, but it may have decided so before
    let _ = fs::remove_file(place.run.join("idle"));
    let stopping = place.run.join("stopping");
    let joined = if stopping.exists() {
        // wait for the watchdog to stop the server; if the server keeps running, the watchdog was killed
        cluster::wait_for_end(place)?;
        fs::remove_file(&stopping).map_err(io("remove", &stopping))?;
        None
    } else {
        joined
    };
    joined.map_or_else(|| spawn(&fifo, place, linger, run_as), Ok)
}

/// Opens the FIFO. Fails if it has no reader, which means that there is no watchdog.
fn announce(fifo: &Path) -> std::io::Result<User> {
    let mut writer = OpenOptions::new().write(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(fifo)?;
    writer.write_all(b"user\n")?;
    Ok(User(writer))
}

/// Starts the watchdog with a new FIFO, so that nobody mistakes a predecessor that is about to end for it.
fn spawn(fifo: &Path, place: &Place, linger: Duration, run_as: RunAs) -> Result<User, Error> {
    let _ = fs::remove_file(fifo);
    mkfifo(fifo, Mode::S_IRUSR | Mode::S_IWUSR).map_err(|errno| io("create", fifo)(errno.into()))?;
    // without O_NONBLOCK, opening either end would wait for the other
    let reader =
        OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(fifo).map_err(io("open", fifo))?;
    let user = announce(fifo).map_err(io("write to", fifo))?;
    fcntl(&reader, FcntlArg::F_SETFL(OFlag::empty())).map_err(|errno| io("set up", fifo)(errno.into()))?;

    let mut shell = Command::new("sh");
    shell.args(["-c", include_str!("watchdog.sh"), "augmed-postgres-watchdog"]);
    shell.arg(&place.data).arg(&place.run).arg(linger.as_secs().max(1).to_string());
    shell.stdin(reader).stdout(Stdio::null()).stderr(Stdio::null()).current_dir("/").process_group(0);
    run_as.apply(&mut shell);
    let mut child = shell.spawn().map_err(io("run sh for", fifo))?;
    thread::spawn(move || child.wait());
    Ok(user)
}
