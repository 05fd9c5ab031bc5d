//! Ends every function process when this process ends, however it ends.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

/// Waits for the end of its input, which comes when we close it or are gone, and takes its process group along.
/// Frozen processes do not notice by themselves that their Runtime API is gone; SIGKILL ends them all the same.
const WATCHDOG: &str = "trap '' HUP INT TERM; read -r _; kill -KILL 0";

/// The process group all functions run in, led by a watchdog.
#[derive(Debug)]
pub struct ProcessGroup {
    watchdog: Child,
}

impl ProcessGroup {
    /// Starts the watchdog, a shell that costs nothing while it waits.
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

    /// Its id, which is the watchdog's process id.
    pub fn id(&self) -> i32 {
        self.watchdog.id().cast_signed()
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        // It kills itself with the others; nothing is left to do if that cannot be waited for.
        let _ = self.watchdog.wait();
    }
}
