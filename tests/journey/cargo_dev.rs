//! `cargo dev`: the printed commands work, and no process is left behind.

use std::ffi::OsStr;
use std::fs;
use std::net::TcpListener;
use std::path::Path;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;
use tests::db::TestDb;

use crate::dev_process::{DevProcess, command, data_directory, paste, run, wait_until_gone};

/// Starts it with a separate data directory, and a PostgreSQL in it.
fn start(data: &Path, arguments: &[&str]) -> DevProcess {
    let arguments: Vec<&OsStr> =
        arguments.iter().map(OsStr::new).chain([OsStr::new("--data"), data.as_os_str()]).collect();
    DevProcess::start(command(&arguments, &[]))
}

/// Does everything that a newcomer does in the first five minutes.
fn first_five_minutes(arguments: &[&str]) {
    let data = data_directory();
    let dev = start(data.path(), arguments);
    let first_case = &demo::assignment_ids("ines.okafor@example.org")[0];

    let [log_in, next_case, review] = dev.commands()[..] else { panic!("{:#?}", dev.announcement) };
    assert!(paste(log_in).contains("Login Successfully"));
    assert!(paste(next_case).contains(first_case));
    assert!(paste(review).contains("\"caseNumber\""));

    let everything = dev.descendants();
    assert!(everything.iter().any(|(_, command)| command.contains("postgres")), "{everything:?}");
    dev.signal(Signal::SIGINT);
    assert_eq!(dev.wait().code(), Some(0));
    wait_until_gone(&everything);
}

#[test]
fn the_printed_commands_work_and_ctrl_c_leaves_nothing() {
    first_five_minutes(&[]);
}

#[test]
fn the_printed_commands_work_through_the_load_balancer_and_the_functions() {
    first_five_minutes(&["--via", "lambda"]);
}

#[tokio::test]
async fn output_to_a_pipe_has_no_control_characters() {
    let (db, data) = (TestDb::empty().await, data_directory());
    let dev =
        DevProcess::start(command(&[OsStr::new("--data"), data.path().as_os_str()], &[("DATABASE_URL", &db.url())]));

    let odd = dev.announcement.iter().find(|line| line.chars().any(char::is_control));

    assert_eq!(odd, None);
    dev.signal(Signal::SIGTERM);
    assert_eq!(dev.wait().code(), Some(0));
}

#[tokio::test]
async fn tokens_survive_a_restart() {
    let (db, data) = (TestDb::empty().await, data_directory());
    let start =
        || DevProcess::start(command(&[OsStr::new("--data"), data.path().as_os_str()], &[("DATABASE_URL", &db.url())]));
    let before = start();
    let log_in = before.commands()[0].to_owned();
    let answer = paste(&log_in);
    let token = answer.lines().find_map(|line| line.strip_prefix("authorization: ")).unwrap().trim();
    before.signal(Signal::SIGTERM);
    before.wait();

    let after = start();

    let cases = paste(&format!("curl -s {}/api/cases -H 'Authorization: {token}'", after.address()));
    assert!(cases.contains("config_id"), "{cases}");
}

#[tokio::test]
async fn the_journey_of_the_readme_works_as_printed() {
    let (db, data) = (TestDb::empty().await, data_directory());
    let dev =
        DevProcess::start(command(&[OsStr::new("--data"), data.path().as_os_str()], &[("DATABASE_URL", &db.url())]));
    let readme = include_str!("../../README.md");
    let journey = readme.split("```").find(|block| block.starts_with("sh\nAPI=")).unwrap().trim_start_matches("sh");
    let [first, second, ..] = &demo::assignment_ids("ines.okafor@example.org")[..] else { panic!("two cases") };

    let said = paste(&journey.replace("http://127.0.0.1:5000", dev.address()));

    assert!(!said.contains(first), "the first case has been answered: {said}");
    for part in ["\"caseNumber\"", "\"config\"", "{\"data\":{\"id\":", second] {
        assert!(said.contains(part), "{part} is missing: {said}");
    }
}

#[test]
fn a_port_in_use_is_reported_with_a_remedy() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();

    let (status, said) = run(&mut command(&[OsStr::new("--port"), OsStr::new(&port)], &[]));

    assert_eq!(status.code(), Some(1));
    assert!(said.contains(&format!("port {port} is in use")) && said.contains("cargo dev --port"), "{said}");
}

#[tokio::test]
async fn another_study_gets_no_demo_and_is_served_unchanged() {
    let (db, data) = (TestDb::with_contract_data().await, data_directory());
    let command = |demo: &[&str]| {
        let arguments: Vec<&OsStr> =
            demo.iter().map(OsStr::new).chain([OsStr::new("--data"), data.path().as_os_str()]).collect();
        command(&arguments, &[("DATABASE_URL", &db.url()), ("JWT_ACCESS_TOKEN_EXPIRES", "900")])
    };

    let (status, said) = run(&mut command(&[]));
    assert_eq!(status.code(), Some(1));
    assert!(said.contains("holds another study") && said.contains("--no-demo"), "{said}");

    let dev = DevProcess::start(command(&["--no-demo"]));
    let url = format!("{}/api/auth/login", dev.address());
    let alice = r#"{"email": "alice@contract.test", "password": "Alice-pass-1"}"#;
    let answer = paste(&format!("curl -s {url} -H 'Content-Type: application/json' -d '{alice}'"));
    assert!(answer.contains("Login Successfully"), "{answer}");
    let reset = paste(
        &format!("curl -s {url} -H 'Content-Type: application/json' -d '{alice}'")
            .replace("login", "reset-password-request"),
    );
    assert!(reset.contains("\"id\""), "{reset}");
    assert_eq!(fs::read_dir(data.path().join("mail")).unwrap().count(), 1);
}

#[tokio::test]
async fn cargo_dev_ends_if_the_server_dies() {
    let (db, data) = (TestDb::empty().await, data_directory());
    let dev =
        DevProcess::start(command(&[OsStr::new("--data"), data.path().as_os_str()], &[("DATABASE_URL", &db.url())]));
    let everything = dev.descendants();
    let (server, _) = everything.iter().find(|(_, command)| command.ends_with("augmed-server")).unwrap();

    kill(Pid::from_raw(server.cast_signed()), Signal::SIGKILL).unwrap();

    assert_eq!(dev.wait().code(), Some(1));
    wait_until_gone(&everything);
}

#[tokio::test]
async fn no_process_survives_when_cargo_dev_is_killed() {
    let (db, data) = (TestDb::empty().await, data_directory());
    let dev =
        DevProcess::start(command(&[OsStr::new("--data"), data.path().as_os_str()], &[("DATABASE_URL", &db.url())]));
    let everything = dev.descendants();
    assert!(!everything.is_empty());

    dev.signal(Signal::SIGKILL);

    dev.wait();
    wait_until_gone(&everything);
}

/// Creates `index.html` and a script with a hash in its name, like the frontend's build tool.
fn built_frontend() -> TempDir {
    let frontend = data_directory();
    fs::create_dir_all(frontend.path().join("static/js")).unwrap();
    fs::write(frontend.path().join("index.html"), "<p>the page").unwrap();
    fs::write(frontend.path().join("static/js/main.0a1b2c.js"), "the.program()").unwrap();
    frontend
}

#[tokio::test]
async fn a_frontend_is_served_like_its_nginx_does() {
    let (db, data, frontend) = (TestDb::empty().await, data_directory(), built_frontend());
    for via in ["server", "lambda"] {
        let arguments =
            ["--frontend", frontend.path().to_str().unwrap(), "--via", via, "--data", data.path().to_str().unwrap()];
        let dev = DevProcess::start(command(&arguments.map(OsStr::new), &[("DATABASE_URL", &db.url())]));
        let curl = |path: &str| paste(&format!("curl -si {}{path}", dev.address())).to_ascii_lowercase();

        for page in ["/", "/login", "/case-review/1", "/admin/rl", "/admin/rl/exp-0123456789ab", "/admin/upload"] {
            let answer = curl(page);
            assert!(answer.ends_with("<p>the page") && answer.contains("content-type: text/html"), "{page} via {via}");
        }
        let program = curl("/static/js/main.0a1b2c.js");
        assert!(program.ends_with("the.program()") && program.contains("content-type: text/javascript"), "{program}");
        assert!(program.contains("cache-control: no-cache") && program.contains("last-modified: "), "{program}");
        assert!(curl("/api/healthcheck").contains("service is up and running."));
        for path in ["/api/unknown", "/admin/users", "/admin/config/answer", "/api/admin/config/upload/preview"] {
            assert!(curl(path).contains("\"error\""), "{path} via {via}");
        }
    }
}
