//! The program behind `cargo dev` as a separate process.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
pub use tests::open_directory::open_directory as data_directory;
use tests::secrets;

/// The first start may include a build from scratch.
const START_TIMEOUT: Duration = Duration::from_mins(20);
const STOP_TIMEOUT: Duration = Duration::from_secs(30);
/// Environment variables of `cargo test` and of this process that a newcomer does not have.
const NOT_A_NEWCOMERS: [&str; 8] = [
    "ADMIN_API_KEY",
    "CORS_ORIGINS",
    "DATABASE_URL",
    "EXPORT_API_KEY",
    "FRONTEND_URL",
    "JWT_SECRET_KEY",
    "MAIL_TRANSPORT",
    "POSTGRES_HOST",
];

/// A running `cargo dev`.
pub struct DevProcess {
    child: Child,
    lines: Receiver<String>,
    log: Option<JoinHandle<String>>,
    /// Its output until it was ready.
    pub announcement: Vec<String>,
}

/// Returns a command with these arguments and variables, on any free port.
pub fn command(arguments: &[&OsStr], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(tests::deployed::binary("dev"));
    command.args(arguments).stdin(Stdio::null());
    for name in NOT_A_NEWCOMERS {
        command.env_remove(name);
    }
    command.env("PORT", "0").envs(variables.iter().copied());
    command
}

/// Runs the program until it exits, because it cannot serve.
pub fn run(command: &mut Command) -> (ExitStatus, String) {
    let Output { status, stderr, .. } = command.output().unwrap();
    let said = String::from_utf8(stderr).unwrap();
    said.lines().for_each(secrets::look_at);
    (status, said)
}

impl DevProcess {
    /// Starts it, and waits until it has printed how to stop it.
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (send, lines) = channel();
        thread::spawn(move || {
            BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|line| send.send(line))
        });
        let said = thread::spawn(move || {
            let log = BufReader::new(stderr).lines().map_while(Result::ok).inspect(|line| secrets::look_at(line));
            log.collect::<Vec<_>>().join("\n")
        });
        let mut announcement = Vec::new();
        while !announcement.last().is_some_and(|line: &String| line.contains("Ctrl-C")) {
            if let Ok(line) = lines.recv_timeout(START_TIMEOUT) {
                announcement.push(line);
            } else {
                let _ = child.kill();
                panic!("cargo dev does not serve: {announcement:#?}\n{}", said.join().unwrap());
            }
        }
        Self { child, lines, log: Some(said), announcement }
    }

    /// Returns `http://127.0.0.1:…` from its output.
    pub fn address(&self) -> &str {
        let line = self.announcement.iter().find(|line| line.starts_with("AugMed is at ")).unwrap();
        line.split_whitespace().nth(3).unwrap()
    }

    /// Returns the printed commands.
    pub fn commands(&self) -> Vec<&str> {
        let is_command = |line: &&str| line.starts_with("curl ") || line.starts_with("TOKEN=");
        self.announcement.iter().map(String::as_str).filter(is_command).collect()
    }

    /// Returns its descendants with their command lines.
    pub fn descendants(&self) -> Vec<(u32, String)> {
        let all = processes();
        let mut found: Vec<(u32, String)> = Vec::new();
        let mut parents = vec![self.child.id()];
        while let Some(parent) = parents.pop() {
            for (id, _, command) in all.iter().filter(|(_, its_parent, _)| *its_parent == parent) {
                parents.push(*id);
                found.push((*id, command.clone()));
            }
        }
        found
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal).unwrap();
    }

    /// Waits for it to exit.
    pub fn wait(mut self) -> ExitStatus {
        let since = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                self.log.take().unwrap().join().unwrap();
                return status;
            }
            assert!(
                since.elapsed() < STOP_TIMEOUT,
                "still there; it said {:?}",
                self.lines.try_iter().collect::<Vec<_>>()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for DevProcess {
    fn drop(&mut self) {
        // it has already exited if the test passed
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until all of these processes have ended.
pub fn wait_until_gone(processes: &[(u32, String)]) {
    let since = Instant::now();
    let is_left =
        |(id, command): &&(u32, String)| self::processes().iter().any(|(other, _, its)| other == id && its == command);
    while let Some(left) = processes.iter().find(is_left) {
        assert!(since.elapsed() < STOP_TIMEOUT, "still there: {left:?}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// Runs a command line as a newcomer pastes it, and returns what it prints.
pub fn paste(command_line: &str) -> String {
    let has_curl = Command::new("curl").arg("--version").output().is_ok();
    assert!(
        has_curl,
        "this test runs the printed commands, which need curl: apt-get install curl, or brew install curl"
    );
    let output = Command::new("sh").args(["-c", command_line]).output().unwrap();
    assert!(output.status.success(), "{command_line}\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Returns process id, parent and command line of all processes.
fn processes() -> Vec<(u32, u32, String)> {
    let output = Command::new("ps").args(["-A", "-o", "pid=,ppid=,state=,args="]).output().expect("ps is there");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let columns = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (id, parent, state) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?, words.next()?);
        (!state.starts_with('Z')).then(|| (id, parent, words.collect::<Vec<_>>().join(" ")))
    });
    columns.collect()
}
