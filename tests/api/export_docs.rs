//! Runs the loops printed in docs/export.md.

use std::process::Stdio;

use tests::app::{API_KEY, TestApp};
use tokio::net::TcpListener;
use tokio::process::Command;

const DOCUMENT: &str = include_str!("../../docs/export.md");

fn block(language: &str) -> &'static str {
    DOCUMENT.split("```").find_map(|block| block.strip_prefix(language)).expect("a block of this language")
}

/// Runs a program of the document with a small limit in a temporary directory. Returns its output and the directory.
async fn run(api: &TestApp, interpreter: &str, program: &str) -> (String, tempfile::TempDir) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, api.service()).into_future());
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(interpreter);
    command.arg("-c").arg(program.replace("limit=1000", "limit=4")).current_dir(folder.path());
    command.env("API", address).env("EXPORT_API_KEY", API_KEY).stderr(Stdio::inherit());
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{interpreter}: {}", output.status);
    (String::from_utf8(output.stdout).unwrap(), folder)
}

#[tokio::test]
async fn the_python_loop_prints_every_answer_once() {
    let api = TestApp::with_contract_data().await;
    let whole = api.get_with_key("/api/v1/export/answers").await.json();

    let (printed, _) = run(&api, "python3", block("python")).await;

    let rows: Vec<serde_json::Value> = printed.lines().map(|row| serde_json::from_str(row).unwrap()).collect();
    assert_eq!(serde_json::json!(rows), whole["data"]);
}

#[tokio::test]
async fn the_shell_loop_writes_the_same_file_as_a_single_page() {
    let api = TestApp::with_contract_data().await;
    let request =
        http::Request::get("/api/v1/export/answers").header("x-api-key", API_KEY).header("accept", "text/csv");
    let whole = api.send(request.body(axum::body::Body::empty()).unwrap()).await;

    let (_, folder) = run(&api, "sh", block("sh")).await;

    assert_eq!(std::fs::read(folder.path().join("answers.csv")).unwrap(), whole.body);
}
