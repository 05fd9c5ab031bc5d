//! `augmed export analysis`: one moment of the database, and what `--validate` finds.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::Executor as _;

use tests::augmed::Augmed;

async fn study() -> Augmed {
    let augmed = Augmed::with_study().await;
    let answer = "INSERT INTO answer (task_id, case_id, user_email, answer) VALUES ('a', 101, 'a@study.test', '{}');
        INSERT INTO analytics (user_email, case_config_id, case_id, case_open_time, answer_open_time, answer_submit_time,
                               to_answer_open_secs, to_submit_secs, total_duration_secs)
        VALUES ('a@study.test', 'a', 101, '2025-04-01 09:55', '2025-04-01 09:59', '2025-04-01 10:00', 240, -1, 300)";
    augmed.db.pool.execute(answer).await.unwrap();
    augmed
}

#[tokio::test]
async fn features_are_of_the_same_moment_as_answers() {
    let augmed = study().await;
    // the export has begun, and reads the rows when the lock is released
    let mut lock = augmed.db.pool.begin().await.unwrap();
    lock.execute("LOCK TABLE analytics").await.unwrap();
    let export = ["--json", "export", "analysis"];
    let export = augmed.command(&export).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let waiting = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'analytics'::regclass)";
    while !sqlx::query_scalar::<_, bool>(waiting).fetch_one(&augmed.db.pool).await.unwrap() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    let later = "UPDATE observation SET value_as_string = 'Diabetes: Yes' WHERE value_as_string = 'Diabetes: No'";
    augmed.db.pool.execute(later).await.unwrap();
    lock.rollback().await.unwrap();

    let exported: Value = serde_json::from_slice(&export.wait_with_output().unwrap().stdout).unwrap();
    assert_eq!(exported["data"][0]["Family History.Diabetes (value)"], "No");
}

#[tokio::test]
async fn findings_about_a_file_on_standard_output_are_on_standard_error() {
    let augmed = study().await;

    let text = augmed.run(&["export", "analysis", "--validate"]);
    let json = augmed.run(&["--json", "export", "analysis", "--validate"]);

    let said = "validate: wrong: 1 rows with a duration below zero; expected 0";
    assert!(text.code == Some(1) && text.stderr.contains(said), "{text:?}");
    let error = serde_json::from_str::<Value>(&json.stderr).unwrap()["error"].take();
    assert!(json.code == Some(1) && error["message"].as_str().unwrap().contains(said), "{json:?}");
    assert_eq!((&error["details"]["rows"], json.json()["data"].as_array().unwrap().len()), (&json!(1), 1));
}
