//! Exports read a streaming replica while it responds.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use local::postgres::Search;
use migrate::Runner;
use nix::unistd::{Gid, Uid, User, chown, geteuid};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Executor as _, PgConnection};
use tempfile::TempDir;
use tests::app;
use tests::deployed;
use tests::open_directory::open_directory;
use tests::server_process::Server;
use tests::waiting::until;

const CONTRACT_DATA: &str = include_str!("../fixtures/contract/fixture.sql");

/// Returns whether the programs that create a replica are installed.
pub fn has_programs() -> bool {
    Search::from_env().find(None).is_ok_and(|installation| installation.bin.join("pg_basebackup").is_file())
}

/// A PostgreSQL cluster that allows replication, unlike those of `local`.
struct Cluster {
    folder: PathBuf,
    programs: PathBuf,
    account: Option<(Uid, Gid)>,
}

impl Cluster {
    fn empty(folder: &Path) -> Self {
        let programs = Search::from_env().find(None).unwrap().bin;
        // PostgreSQL refuses to run as root
        let account = geteuid().is_root().then(|| User::from_name("postgres").unwrap().unwrap());
        let account = account.map(|user| (user.uid, user.gid));
        std::fs::create_dir(folder).unwrap();
        let cluster = Self { folder: folder.to_owned(), programs, account };
        cluster.account.inspect(|(uid, gid)| chown(folder, Some(*uid), Some(*gid)).unwrap());
        cluster
    }

    fn primary(folder: &Path) -> Self {
        let cluster = Self::empty(folder);
        cluster.run("initdb", &["-A", "trust", "-U", "postgres", "--no-sync", "-D", &cluster.data()]);
        cluster.start();
        cluster
    }

    fn replica_of(primary: &Self, folder: &Path) -> Self {
        let cluster = Self::empty(folder);
        let host = primary.folder.to_str().unwrap();
        cluster.run("pg_basebackup", &["-h", host, "-U", "postgres", "-D", &cluster.data(), "-R", "-c", "fast"]);
        cluster.start();
        cluster
    }

    fn start(&self) {
        let folder = self.folder.display();
        let options = format!("-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off");
        let log = self.folder.join("log").display().to_string();
        self.run("pg_ctl", &["-D", &self.data(), "-w", "-l", &log, "-o", &options, "start"]);
    }

    fn stop(&self) {
        self.run("pg_ctl", &["-D", &self.data(), "-w", "-m", "immediate", "stop"]);
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = Command::new(self.programs.join(program));
        command.args(arguments).current_dir("/").stdout(Stdio::null()).stderr(Stdio::null());
        if let Some((uid, gid)) = self.account {
            command.uid(uid.as_raw()).gid(gid.as_raw());
        }
        assert!(command.status().unwrap().success(), "{program} {arguments:?}");
    }

    fn data(&self) -> String {
        self.folder.join("data").display().to_string()
    }

    fn url(&self) -> String {
        format!("postgresql://postgres@localhost/postgres?host={}", self.folder.display())
    }

    async fn connect(&self) -> PgConnection {
        // its statements contain clinical values, and another test of this process may be capturing the log
        let options: PgConnectOptions = self.url().parse().unwrap();
        options.disable_statement_logging().connect().await.unwrap()
    }
}

/// A primary with the contract's data, and its replica.
struct Pair {
    primary: Cluster,
    replica: Cluster,
    _folder: TempDir,
}

impl Pair {
    async fn start() -> Self {
        let folder = open_directory();
        let primary = Cluster::primary(&folder.path().join("primary"));
        Runner::new(&primary.url().parse().unwrap()).up(None).await.unwrap();
        primary.connect().await.execute(CONTRACT_DATA).await.unwrap();
        let replica = Cluster::replica_of(&primary, &folder.path().join("replica"));
        Self { primary, replica, _folder: folder }
    }

    /// Pauses replication, so that later writes are only in the primary.
    async fn pause_replication(&self) {
        self.replica.connect().await.execute("SELECT pg_wal_replay_pause()").await.unwrap();
        let add = r#"INSERT INTO "user" (name, email, password, salt, admin_flag, active)
                     VALUES ('late', 'late@contract.test', '', '', false, true)"#;
        self.primary.connect().await.execute(add).await.unwrap();
        tokio::time::sleep(Duration::from_millis(1100)).await;
    }

    /// Runs the program until the replica answers within a second, which a slow one may not do at first.
    fn augmed_on_replica(&self, arguments: &[&str]) -> (String, String) {
        let mut runs = (0..10).map(|_| self.augmed(arguments));
        runs.find(|(_, told)| told.contains("note: reading the replica, ")).expect("it reads the replica")
    }

    fn augmed(&self, arguments: &[&str]) -> (String, String) {
        let mut command = Command::new(deployed::binary("augmed"));
        command.args(arguments).envs(app::environment(&self.primary.url()));
        let output = command.env("DATABASE_REPLICA_URL", self.replica.url()).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", text(output.stderr));
        (text(output.stdout), text(output.stderr))
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        self.replica.stop();
        self.primary.stop();
    }
}

async fn participants(server: &Server) -> u64 {
    let url = format!("http://{}/api/v1/export/participants", server.address);
    let answer = reqwest::Client::new().get(url).header("x-api-key", app::API_KEY).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.json::<serde_json::Value>().await.unwrap()["pagination"]["total"].as_u64().unwrap()
}

/// Waits until the server reads the replica: a replica that needs more than a second to answer counts as down for ten.
async fn until_the_replica_is_read(server: &mut Server) {
    let is_read = async || {
        participants(server).await;
        server.drain_log().iter().any(|line| line.contains("reading the replica"))
    };
    until(Duration::from_mins(1), is_read).await;
}

pub async fn exports_read_the_replica_or_if_it_is_down_the_primary() {
    let pair = Pair::start().await;
    let mut server =
        Server::start_with(&pair.primary.url(), &[("DATABASE_REPLICA_URL", pair.replica.url().as_str())]).await;
    until_the_replica_is_read(&mut server).await;
    let before = participants(&server).await;

    pair.pause_replication().await;
    until_the_replica_is_read(&mut server).await;
    assert_eq!(participants(&server).await, before, "the export reads the paused replica");

    pair.replica.stop();
    assert_eq!(participants(&server).await, before + 1, "the export reads the primary");
    pair.replica.start();
}

pub async fn the_command_line_reports_the_lag_and_works_without_the_replica() {
    let pair = Pair::start().await;
    pair.pause_replication().await;

    let (old, told) = pair.augmed_on_replica(&["export", "participants", "--format", "csv"]);
    assert!(!told.contains(", 0.0 s behind"), "{told}");
    pair.augmed_on_replica(&["progress"]);
    // in two sessions with one snapshot
    pair.augmed_on_replica(&["export", "analysis"]);

    pair.replica.stop();
    let (new, told) = pair.augmed(&["export", "participants", "--format", "csv"]);
    assert!(told.contains("note: the replica does not answer; reading the primary"), "{told}");
    assert_eq!(new.lines().count(), old.lines().count() + 1);
    pair.replica.start();
}
