//! The program behind `cargo dev` as a process of its own.

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

/// A build from nothing may be behind the first start.
const LONGEST_START: Duration = Duration::from_mins(20);
const LONGEST_STOP: Duration = Duration::from_secs(30);
/// What `cargo test` and this process have set, and a newcomer has not.
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

/// `cargo dev` that serves.
pub struct DevProcess {
    child: Child,
    lines: Receiver<String>,
    log: Option<JoinHandle<String>>,
    /// What it has printed until it served.
    pub announcement: Vec<String>,
}

/// The program with these arguments and variables, on any free port.
pub fn command(arguments: &[&OsStr], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(tests::deployed::binary("dev"));
    command.args(arguments).stdin(Stdio::null());
    for name in NOT_A_NEWCOMERS {
        command.env_remove(name);
    }
    command.env("PORT", "0").envs(variables.iter().copied());
    command
}

/// Runs the program to its end, which it reaches because it cannot serve.
pub fn run(command: &mut Command) -> (ExitStatus, String) {
    let Output { status, stderr, .. } = command.output().unwrap();
    let said = String::from_utf8(stderr).unwrap();
    said.lines().for_each(secrets::look_at);
    (status, said)
}

impl DevProcess {
    /// Starts it and waits until it has said how to stop it.
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
            if let Ok(line) = lines.recv_timeout(LONGEST_START) {
                announcement.push(line);
            } else {
                let _ = child.kill();
                panic!("cargo dev does not serve: {announcement:#?}\n{}", said.join().unwrap());
            }
        }
        Self { child, lines, log: Some(said), announcement }
    }

    /// `http://127.0.0.1:…`, from what it has printed.
    pub fn address(&self) -> &str {
        let line = self.announcement.iter().find(|line| line.starts_with("AugMed is at ")).unwrap();
        line.split_whitespace().nth(3).unwrap()
    }

    /// The commands to try, as printed.
    pub fn commands(&self) -> Vec<&str> {
        let is_command = |line: &&str| line.starts_with("curl ") || line.starts_with("TOKEN=");
        self.announcement.iter().map(String::as_str).filter(is_command).collect()
    }

    /// Every process below it, with its command line.
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

    /// Waits for its end.
    pub fn wait(mut self) -> ExitStatus {
        let since = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                self.log.take().unwrap().join().unwrap();
                return status;
            }
            assert!(
                since.elapsed() < LONGEST_STOP,
                "still there; it said {:?}",
                self.lines.try_iter().collect::<Vec<_>>()
            );
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for DevProcess {
    fn drop(&mut self) {
        // it has ended already where the test went well
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until none of these processes is left.
pub fn wait_until_gone(processes: &[(u32, String)]) {
    let since = Instant::now();
    let is_left =
        |(id, command): &&(u32, String)| self::processes().iter().any(|(other, _, its)| other == id && its == command);
    while let Some(left) = processes.iter().find(is_left) {
        assert!(since.elapsed() < LONGEST_STOP, "still there: {left:?}");
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

/// Process, parent, command line.
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
