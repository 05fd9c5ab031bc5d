//! The Python client that openapi-python-client generates from `docs/api/openapi.json`.

use tests::app::API_KEY;
use tests::db::TestDb;
use tests::server_process::Server;
use tokio::process::Command;

use crate::tool;

/// Generates the client without warnings, and runs `experiment_day.py` with it.
pub async fn the_generated_client_runs_a_day_of_an_experiment_service() {
    let folder = tempfile::tempdir().unwrap();
    let generator = tool::path("openapi-python-client").unwrap();
    let document = tool::workspace().join("docs/api/openapi.json");
    let generated = Command::new(&generator)
        .args(["generate", "--fail-on-warning", "--meta", "none", "--output-path"])
        .arg(folder.path().join("augmed_client"))
        .arg("--path")
        .arg(document)
        // its formatter is a program in the same directory
        .env("PATH", path_with(generator.parent().unwrap()))
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&generated.stdout);
    assert!(generated.status.success() && !said.contains("WARNING"), "{said}");

    let db = TestDb::with_contract_data().await;
    let server = Server::start(&db.url()).await;
    let day = Command::new(generator.with_file_name("python"))
        .arg(tool::workspace().join("tests/tools/experiment_day.py"))
        .args([format!("http://{}", server.address), API_KEY.to_owned()])
        .env("PYTHONPATH", folder.path())
        .output()
        .await
        .unwrap();

    let complaint = String::from_utf8_lossy(&day.stderr);
    assert!(day.status.success(), "{complaint}");
    let runs = sqlx::query_scalar::<_, String>(
        "SELECT status FROM rl_run WHERE status = 'completed' AND configs_generated = 2",
    );
    assert_eq!(runs.fetch_all(&db.pool).await.unwrap(), ["completed"]);
}

fn path_with(folder: &std::path::Path) -> std::ffi::OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(folder.to_owned()).chain(std::env::split_paths(&path))).unwrap()
}
