//! Ends all function processes when this process ends, however it ends.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

/// Waits until its input is closed, at the latest when this process exits, and then kills its process group. Frozen
/// processes do not notice that their Runtime API is gone, but SIGKILL ends them.
const WATCHDOG: &str = "trap '' HUP INT TERM; read -r _; kill -KILL 0";

/// The process group of all functions, led by a watchdog.
#[derive(Debug)]
pub struct ProcessGroup {
    watchdog: Child,
}

impl ProcessGroup {
    /// Starts the watchdog, a shell that uses no CPU while it waits.
    pub fn new() -> io::Result<Self> {
        let watchdog = Command::new("/bin/sh")
            .args(["-c", WATCHDOG])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        Ok(Self { watchdog })
    }

    /// Returns its id, which is the watchdog's process id.
    pub fn id(&self) -> i32 {
        self.watchdog.id().cast_signed()
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        // the watchdog kills itself with the others; if waiting fails, there is nothing more to do
        let _ = self.watchdog.wait();
    }
}
