//! `augmed migrate`.

use serde_json::json;
use tests::db::TestDb;

use tests::augmed::Augmed;

#[tokio::test]
async fn an_empty_database_is_migrated_and_reverted() {
    let augmed = Augmed::over(TestDb::empty().await);

    assert_eq!(augmed.run(&["--json", "migrate", "status"]).done().json()["state"], "empty");
    assert!(augmed.run(&["migrate", "plan"]).done().stdout.contains("baseline"));
    augmed.run(&["migrate", "up"]).done();
    assert_eq!(augmed.run(&["--json", "migrate", "status"]).json()["pending"], json!([]));
    augmed.run(&["migrate", "down", "--to", "20260101000000", "--yes"]).done();
    let status = augmed.run(&["--json", "migrate", "status"]).json();
    assert_eq!(status["applied_before"], json!([20_260_101_000_000_i64]));
}

#[tokio::test]
async fn impossible_migrations_are_refused_with_the_reason() {
    let augmed = Augmed::over(TestDb::empty().await);

    let adopt = augmed.run(&["migrate", "adopt"]);
    let unknown = augmed.run(&["migrate", "up", "--to", "7"]);

    assert_eq!((adopt.code, unknown.code), (Some(1), Some(1)));
    assert!(adopt.stderr.contains("there is nothing to adopt"), "{adopt:?}");
    assert!(unknown.stderr.contains("there is no migration 7"), "{unknown:?}");
}

#[tokio::test]
async fn a_command_without_a_schema_names_the_remedy() {
    let run = Augmed::over(TestDb::empty().await).run(&["users", "list"]);

    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("augmed migrate up"), "{run:?}");
}
