//! Life cycle of a cluster and its server.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use local::postgres::{Config, Error, Server, Started};
use nix::sys::signal;
use nix::unistd::Pid;

use crate::support::{directory, eventually, ordinary_user, pid_file, postmaster, query, start};
use crate::users::Process;

#[test]
fn only_clusters_of_cargo_dev_sync_to_disk() {
    let (durable, scratch) = (directory(), directory());
    let durable = Server::start(&Config::dev(durable.path().join("cluster"))).unwrap();
    let scratch = start(&scratch.path().join("cluster"));
    assert_eq!(query(&durable.url("postgres"), "SELECT current_setting('fsync')").unwrap(), "on");
    assert_eq!(query(&scratch.url("postgres"), "SELECT current_setting('fsync')").unwrap(), "off");
    durable.stop().unwrap();
    scratch.stop().unwrap();
}

#[test]
fn a_given_setting_overrides_ours() {
    let directory = directory();
    let config = Config::test(directory.path()).linger(Duration::from_secs(1)).settings(&[("max_connections", "33")]);

    let server = Server::start(&config).unwrap();

    assert_eq!(query(&server.url("postgres"), "SELECT current_setting('max_connections')").unwrap(), "33");
}

#[test]
fn ten_processes_that_start_concurrently_share_one_server() {
    let directory = directory();
    let cluster = directory.path().join("cluster");
    let mut processes: Vec<Process> = (0..10).map(|_| Process::spawn(&cluster)).collect();

    let reports: Vec<_> = processes.iter_mut().map(Process::report).collect();

    assert_eq!(reports.iter().filter(|report| report.started == "anew").count(), 1, "{reports:?}");
    assert_eq!(reports.iter().filter(|report| report.started == "before").count(), 9, "{reports:?}");
    assert!(reports.iter().all(|report| report.url == reports[0].url), "{reports:?}");
    drop(processes);
    eventually("the server stops", || !pid_file(&cluster).exists());
}

#[test]
fn data_survive_a_restart() {
    let directory = directory();
    let server = start(directory.path());
    query(&server.url("postgres"), "CREATE TABLE kept AS SELECT 42 AS n; SELECT 0").unwrap();
    server.stop().unwrap();

    let server = start(directory.path());

    assert!(matches!(server.started(), Started::Restarted(_)));
    assert_eq!(query(&server.url("postgres"), "SELECT n FROM kept").unwrap(), "42");
    server.stop().unwrap();
}

#[test]
fn data_survive_kill_9_of_the_server() {
    let directory = directory();
    let server = Server::start(&Config::dev(directory.path())).unwrap();
    query(&server.url("postgres"), "CREATE TABLE kept AS SELECT 42 AS n; SELECT 0").unwrap();
    kill_9(postmaster(directory.path()));
    eventually("the server dies", || query(&server.url("postgres"), "SELECT 1").is_err());

    let server = start(directory.path());

    assert!(matches!(server.started(), Started::Restarted(_)));
    assert_eq!(query(&server.url("postgres"), "SELECT n FROM kept").unwrap(), "42");
    server.stop().unwrap();
}

#[test]
fn a_stale_pid_file_with_the_id_of_another_process_is_ignored() {
    let directory = directory();
    let server = start(directory.path());
    let text = fs::read_to_string(pid_file(directory.path())).unwrap();
    server.stop().unwrap();
    // of the same account, because PostgreSQL itself detects processes of other accounts
    let owner = fs::metadata(directory.path().join("data")).unwrap();
    let mut foreign = Command::new("sleep").arg("60").uid(owner.uid()).gid(owner.gid()).spawn().unwrap();
    let (_, rest) = text.split_once('\n').unwrap();
    fs::write(pid_file(directory.path()), format!("{}\n{rest}", foreign.id())).unwrap();

    let server = start(directory.path());

    assert_eq!(query(&server.url("postgres"), "SELECT 1").unwrap(), "1");
    assert!(foreign.try_wait().unwrap().is_none(), "the foreign process was killed");
    server.stop().unwrap();
    foreign.kill().unwrap();
    foreign.wait().unwrap();
}

#[test]
fn a_path_may_have_spaces_and_umlauts() {
    let directory = directory();
    let server = start(&directory.path().join("Fälle & 100 % Ärzte?/cluster"));
    assert_eq!(query(&server.url("postgres"), "SELECT 1").unwrap(), "1");
    server.stop().unwrap();
}

#[test]
fn a_path_may_be_too_long_for_a_socket() {
    let directory = directory();
    let cluster = directory.path().join("long/".repeat(30));
    let server = start(&cluster);
    assert_eq!(query(&server.url("postgres"), "SELECT 1").unwrap(), "1");
    assert!(cluster.join("data/PG_VERSION").exists());
    let url = server.url("postgres");
    server.stop().unwrap();
    fs::remove_dir_all(url.split_once("host=").unwrap().1).unwrap();
}

#[test]
fn broken_data_are_recreated_for_tests_but_kept_for_cargo_dev() {
    let directory = directory();
    start(directory.path()).stop().unwrap();
    fs::remove_file(directory.path().join("data/global/pg_control")).unwrap();

    let refused = Server::start(&Config::dev(directory.path())).unwrap_err();
    assert!(refused.to_string().contains("pg_control"), "{refused}");
    assert!(directory.path().join("data/PG_VERSION").exists());

    let server = start(directory.path());
    assert!(matches!(server.started(), Started::Created(_)));
    server.stop().unwrap();
}

#[test]
fn the_server_stops_after_its_last_user_was_killed() {
    let directory = directory();
    let (mut first, mut second) = (Process::spawn(directory.path()), Process::spawn(directory.path()));
    let (_, url) = (first.report(), second.report().url);

    first.kill();
    assert_eq!(query(&url, "SELECT 1").unwrap(), "1");
    second.kill();

    eventually("the server stops", || !pid_file(directory.path()).exists());
}

/// Joins a server that is idle. Returns none if it stopped before, because this process was slower than a second.
fn join_idle(directory: &Path) -> Option<Server> {
    let mut first = Process::spawn(directory);
    first.report();
    first.kill();
    let is_noticed = || ["run/idle", "run/stopping"].iter().any(|file| directory.join(file).exists());
    eventually("the watchdog notices", is_noticed);
    let server = start(directory);
    if matches!(server.started(), Started::AlreadyRunning) {
        return Some(server);
    }
    server.stop().unwrap();
    None
}

#[test]
fn a_new_user_keeps_an_idle_server_running() {
    let directory = directory();

    let server = (0..10).find_map(|_| join_idle(directory.path())).expect("an idle server can be joined");

    let joined = Instant::now();
    while joined.elapsed() < Duration::from_millis(2500) {
        assert_eq!(query(&server.url("postgres"), "SELECT 1").unwrap(), "1");
    }
    drop(server);
    eventually("the server stops", || !pid_file(directory.path()).exists());
}

#[test]
fn a_start_while_the_server_is_stopping_succeeds() {
    let directory = directory();
    for _ in 0..3 {
        drop(start(directory.path()));
        eventually("the watchdog decides", || directory.path().join("run/stopping").exists());
        let server = start(directory.path());
        assert_eq!(query(&server.url("postgres"), "SELECT 1").unwrap(), "1");
    }
    eventually("the server stops", || !pid_file(directory.path()).exists());
}

#[test]
fn the_server_starts_without_root() {
    let Some(user) = ordinary_user() else { return };
    let directory = directory();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let cluster = directory.path().join("cluster");

    let mut process = Process::spawn_as(&user, directory.path(), &cluster);

    assert_eq!(process.report().started, "anew");
    assert_eq!(fs::metadata(cluster.join("data")).unwrap().uid(), user.uid.as_raw());
    let refused = Server::start(&Config::dev(&cluster)).unwrap_err();
    assert!(matches!(refused, Error::ForeignDirectory { .. }), "{refused}");
    drop(process);
    eventually("the server stops", || !pid_file(&cluster).exists());
}

#[test]
fn leftovers_of_a_killed_start_are_replaced() {
    let directory = directory();
    // owned by root, as if the start had been killed before it changed the owner
    fs::create_dir(directory.path().join("run")).unwrap();
    fs::create_dir(directory.path().join("data.new")).unwrap();
    fs::write(directory.path().join("data.new/PG_VERSION"), "15\n").unwrap();

    let server = start(directory.path());

    assert!(matches!(server.started(), Started::Created(_)));
    server.stop().unwrap();
}

#[test]
fn root_may_name_a_directory_that_postgresqls_account_cannot_enter() {
    if ordinary_user().is_none() {
        return;
    }
    let directory = directory();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let server = start(&directory.path().join("cluster"));
    assert_eq!(query(&server.url("postgres"), "SELECT 1").unwrap(), "1");
    let elsewhere = server.directory().to_owned();
    assert!(!elsewhere.starts_with(directory.path()), "{}", elsewhere.display());
    server.stop().unwrap();
    fs::remove_dir_all(elsewhere).unwrap();
}

fn kill_9(pid: i32) {
    signal::kill(Pid::from_raw(pid), signal::SIGKILL).unwrap();
}
