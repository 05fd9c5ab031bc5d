//! A process of one of our programs, whose output is checked for secrets ([`secrets`]).

use std::fs;
use std::io::{BufRead as _, BufReader, pipe};
use std::ops::{Deref, DerefMut};
use std::thread::{self, JoinHandle};

use tokio::process::{Child, Command};

use crate::secrets;

/// A running process. Dropping it ends the process, after its last line was checked.
#[derive(Debug)]
pub struct Process {
    child: Child,
    reader: Option<JoinHandle<()>>,
}

impl Process {
    /// Starts it. Every line of its standard output and error is also passed to `take`.
    pub fn start(mut command: Command, mut take: impl FnMut(String) + Send + 'static) -> Self {
        let (said, output) = pipe().expect("a pipe");
        let errors = output.try_clone().expect("a file descriptor");
        let child = command.stdout(output).stderr(errors).kill_on_drop(true).spawn().expect("the program starts");
        // a thread instead of a task, which would end with its test and lose the last lines
        let reader = thread::spawn(move || {
            for line in BufReader::new(said).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).into_owned();
                secrets::look_at(&line);
                take(line);
            }
        });
        Self { child, reader: Some(reader) }
    }
}

impl Deref for Process {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.child
    }
}

impl DerefMut for Process {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.child
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // the process may have exited
        let _ = self.child.start_kill();
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

/// Returns current and peak resident memory in MB. Panics if it cannot be read, so that no limit passes by mistake.
pub fn memory(pid: u32) -> (u64, u64) {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("a process that runs, on Linux");
    let kilobytes = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).expect("a line of proc(5)");
        line.split_whitespace().nth(1).and_then(|number| number.parse::<u64>().ok()).expect("kB")
    };
    (kilobytes("VmRSS:") / 1024, kilobytes("VmHWM:") / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_of_a_process_can_be_read() {
        let (now, peak) = memory(std::process::id());

        assert!(0 < now && now <= peak, "{now} {peak}");
    }

    #[test]
    #[should_panic(expected = "a process that runs")]
    fn memory_that_cannot_be_read_is_a_panic() {
        // larger than any process id
        memory(u32::MAX);
    }
}
