//! Confirmation on a terminal before data are lost.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::Output;
use std::time::Duration;

use nix::pty::openpty;
use tokio::process::Command;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use tests::augmed::Augmed;

const TIMEOUT: Duration = Duration::from_mins(1);
const FILE: &str = "User,Case No.,Path\na@study.test,101,BACKGROUND.Family History.Diabetes: No\n";
/// The character that a terminal sends for Ctrl-D.
const END_OF_INPUT: &str = "\u{4}";

/// Runs `assignments clear` on a terminal and types `answer` when it asks.
async fn clear(augmed: &Augmed, answer: &'static str) -> Output {
    let terminal = openpty(None, None).unwrap();
    let other: OwnedFd = terminal.slave.try_clone().unwrap();
    let mut command = augmed.command(&["assignments", "clear"]);
    command.stdin(terminal.slave).stderr(other).stdout(std::process::Stdio::piped());
    let run = Command::from(command).kill_on_drop(true).spawn().unwrap();
    let mut master = File::from(terminal.master);
    let typing = spawn_blocking(move || {
        let mut said = Vec::new();
        while !String::from_utf8_lossy(&said).contains("Continue?") {
            let mut bytes = [0; 1024];
            let count = master.read(&mut bytes).unwrap();
            said.extend_from_slice(&bytes[..count]);
        }
        master.write_all(answer.as_bytes()).unwrap();
        master
    });
    let _terminal = timeout(TIMEOUT, typing).await.unwrap().unwrap();
    timeout(TIMEOUT, run.wait_with_output()).await.expect("it still waits").unwrap()
}

#[tokio::test]
async fn any_other_answer_than_yes_changes_nothing() {
    let augmed = Augmed::with_study().await;
    augmed.run(&["assignments", "upload", &augmed.file("a.csv", FILE)]).done();
    for answer in [END_OF_INPUT, "\n", "n\n", "yesterday\n"] {
        let run = clear(&augmed, answer).await;

        assert_eq!(run.status.code(), Some(1), "{answer:?}");
        assert_eq!(augmed.run(&["--json", "assignments", "list"]).json().as_array().unwrap().len(), 1, "{answer:?}");
    }
}

#[tokio::test]
async fn yes_confirms() {
    let augmed = Augmed::with_study().await;
    augmed.run(&["assignments", "upload", &augmed.file("a.csv", FILE)]).done();

    let run = clear(&augmed, "y\n").await;

    assert_eq!(run.status.code(), Some(0));
    assert_eq!(
        String::from_utf8_lossy(&run.stdout),
        "1 assignments removed; 0 of them were answered, and the answers stay\n"
    );
}
