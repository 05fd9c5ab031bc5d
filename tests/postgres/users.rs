//! Users of a server in separate processes: this test binary, started again with a cluster.

use std::env;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use local::postgres::Started;
use nix::unistd::User;

use crate::support::{query, start};

const CLUSTER: &str = "AUGMED_TEST_CLUSTER";
const NAME: &str = "users::a_user_of_the_cluster_in_the_environment";

/// A process that uses a cluster until it is told to exit. Dropping it kills the process.
pub struct Process(Child);

/// How the server was obtained, as text, and the URL of its database `postgres`.
#[derive(Debug)]
pub struct Report {
    pub started: String,
    pub url: String,
}

impl Process {
    pub fn spawn(cluster: &Path) -> Self {
        Self::run(Command::new(env::current_exe().unwrap()), cluster)
    }

    /// Starts a process as `user`. It runs a copy in `directory`, because `user` may not be able to read the target directory.
    pub fn spawn_as(user: &User, directory: &Path, cluster: &Path) -> Self {
        let program = directory.join("program");
        // not with fs::copy: a process forked by another thread in the meantime would keep the file open for writing (ETXTBSY)
        let copied = Command::new("cp").arg(env::current_exe().unwrap()).arg(&program).status().unwrap();
        assert!(copied.success(), "{copied}");
        let mut command = Command::new(program);
        command.uid(user.uid.as_raw()).gid(user.gid.as_raw()).current_dir("/").env("HOME", "/nonexistent");
        Self::run(command, cluster)
    }

    fn run(mut command: Command, cluster: &Path) -> Self {
        command.args(["--exact", NAME, "--ignored", "--nocapture"]).env(CLUSTER, cluster);
        Self(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap())
    }

    /// Waits until it has a server.
    pub fn report(&mut self) -> Report {
        let stdout = BufReader::new(self.0.stdout.as_mut().unwrap());
        let mut lines = stdout.lines().map_while(Result::ok);
        let reported = lines.find_map(|line| line.split_once("started: ").map(|(_, report)| report.to_owned()));
        let reported = reported.expect("the process has a server");
        let (started, url) = reported.split_once(' ').unwrap();
        Report { started: started.to_owned(), url: url.to_owned() }
    }

    /// Kills it with SIGKILL.
    pub fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[ignore = "a process that other tests start"]
fn a_user_of_the_cluster_in_the_environment() {
    let Some(cluster) = env::var_os(CLUSTER) else { return };
    let server = start(Path::new(&cluster));
    let started = match server.started() {
        Started::AlreadyRunning => "before",
        Started::Restarted(_) => "again",
        Started::Created(_) => "anew",
    };
    let url = server.url("postgres");
    assert_eq!(query(&url, "SELECT 1").unwrap(), "1");
    println!("started: {started} {url}");
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}
