//! Processes of a function: their number, freezing, and their end.

use std::process::Stdio;
use std::time::Duration;

use futures_util::future::join_all;
use hyper::StatusCode;
use local::lambda::{InvokeError, Phase};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::platform::{Platform, until, within_timeout};

/// Returns the state letter of a process: T is stopped, and `None` means that it has ended.
fn state(pid: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

fn is_gone(pid: u32) -> bool {
    matches!(state(pid), None | Some('Z' | 'X'))
}

#[tokio::test]
async fn concurrent_requests_get_separate_processes() {
    let platform = Platform::start().await;

    let answers = join_all((0..3).map(|_| platform.command("/echo", "sleep 300"))).await;

    let mut pids: Vec<_> = answers.iter().map(crate::platform::Answer::pid).collect();
    pids.sort_unstable();
    pids.dedup();
    assert_eq!((pids.len(), platform.function("echo").processes().len()), (3, 3));
}

#[tokio::test]
async fn sequential_requests_share_one_process() {
    let platform = Platform::start().await;

    let first = platform.get("/echo").await.pid();
    let second = platform.get("/echo").await.pid();

    assert_eq!(first, second);
}

#[tokio::test]
async fn requests_beyond_the_reserved_concurrency_wait() {
    let platform = Platform::start().await;

    let answers = join_all((0..4).map(|_| platform.command("/lonely", "sleep 20"))).await;

    let first = answers[0].pid();
    assert!(answers.iter().all(|answer| answer.status == StatusCode::OK && answer.pid() == first));
}

#[tokio::test]
async fn an_idle_process_is_frozen_and_reused() {
    let platform = Platform::start().await;
    let pid = platform.get("/echo").await.pid();

    platform.function("echo").wait_until_idle().await;

    assert_eq!(platform.function("echo").processes()[0].phase(), Phase::Frozen);
    until(|| state(pid) == Some('T')).await;
    assert_eq!(platform.get("/echo").await.pid(), pid);
}

#[tokio::test]
async fn a_process_killed_while_frozen_is_replaced_without_a_failure() {
    let platform = Platform::start().await;
    let pid = platform.get("/echo").await.pid();
    platform.function("echo").wait_until_idle().await;

    platform.function("echo").processes()[0].kill().await;
    let next = platform.get("/echo").await;

    assert_eq!(next.status, StatusCode::OK);
    assert_ne!(next.pid(), pid);
    assert!(is_gone(pid));
}

#[tokio::test]
async fn a_crash_is_a_502_and_the_next_request_is_answered() {
    let platform = Platform::start().await;

    assert_eq!(platform.command("/echo", "crash").await.status, StatusCode::BAD_GATEWAY);
    assert_eq!(platform.get("/echo").await.status, StatusCode::OK);
    assert_eq!(platform.function("echo").processes().len(), 1);
}

#[tokio::test]
async fn a_function_that_takes_too_long_is_killed_after_its_timeout() {
    let platform = Platform::start().await;
    let slow = platform.get("/impatient").await.pid();

    let response = platform.command("/impatient", "sleep 60000").await;

    // a 504 would mean that the Lambda service did not respond (Application Load Balancers guide, "HTTP 502")
    assert_eq!(response.status, StatusCode::BAD_GATEWAY);
    assert!(is_gone(slow));
    assert_eq!(platform.get("/impatient").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_disconnected_client_does_not_end_the_process() {
    let platform = Platform::start().await;
    let pid = platform.get("/lonely").await.pid();

    let left = tokio::time::timeout(Duration::from_millis(50), platform.command("/lonely", "sleep 300")).await;

    assert!(left.is_err());
    assert_eq!(platform.get("/lonely").await.pid(), pid);
}

#[tokio::test]
async fn a_function_has_only_the_environment_of_the_template() {
    let platform = Platform::start().await;

    let environment = platform.command("/echo", "environment").await.json();

    assert_eq!((&environment["GREETING"], &environment["SECRET"]), (&"hello".into(), &"of the test".into()));
    assert_eq!(
        (&environment["AWS_LAMBDA_FUNCTION_VERSION"], &environment["AWS_REGION"]),
        (&"$LATEST".into(), &"us-east-1".into())
    );
    for absent in ["SECRET_PARAMETER", "CARGO_MANIFEST_DIR", "CARGO"] {
        assert!(environment.get(absent).is_none(), "{absent}");
    }
}

#[tokio::test]
async fn stopping_completes_requests_and_then_ends_all_processes() {
    let platform = Platform::start().await;
    let function = platform.function("echo").clone();
    let running = function.clone();
    let invocation = tokio::spawn(async move { running.invoke(r#"{"headers":{"x-echo":"sleep 300"}}"#.into()).await });
    // frozen if it has answered already, on a slow machine
    let has_begun = |phase| matches!(phase, Phase::Running | Phase::Frozen);
    until(|| function.processes().iter().any(|process| has_begun(process.phase()))).await;
    let pid = function.processes()[0].pid();

    platform.load_balancer.stop().await;

    assert!(invocation.await.unwrap().is_ok());
    assert!(is_gone(pid));
    assert_eq!(function.invoke("{}".into()).await, Err(InvokeError::Stopped));
}

#[tokio::test]
async fn when_the_platform_is_killed_all_processes_end_even_frozen_ones() {
    let mut platform = Command::new(std::env::current_exe().unwrap())
        .args(["processes::a_platform_to_kill", "--exact", "--ignored", "--nocapture"])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(platform.stdout.take().unwrap()).lines();
    let pid = within_timeout(async {
        loop {
            let line = lines.next_line().await.unwrap().expect("a line with the pid");
            if let Some((_, pid)) = line.split_once("frozen: ") {
                return pid.parse().unwrap();
            }
        }
    })
    .await;
    assert_eq!(state(pid), Some('T'));

    platform.kill().await.unwrap();

    until(|| is_gone(pid)).await;
}

#[tokio::test]
#[ignore = "the process that the test above starts"]
async fn a_platform_to_kill() {
    let platform = Platform::start().await;
    let pid = platform.get("/echo").await.pid();
    until(|| state(pid) == Some('T')).await;
    println!("frozen: {pid}");
    std::future::pending::<()>().await;
}
