//! `augmed demo`.

use tests::db::TestDb;

use tests::augmed::Augmed;

#[tokio::test]
async fn the_demo_fills_an_empty_database_once() {
    let augmed = Augmed::new().await;

    let first = augmed.run(&["demo"]).done();
    let second = augmed.run(&["demo"]).done();

    assert!(first.stdout.contains("is stored") && first.stdout.contains("ines.okafor@example.org"), "{first:?}");
    assert!(second.stdout.contains("already exists"), "{second:?}");
}

#[tokio::test]
async fn the_demo_does_not_mix_with_another_study() {
    let run = Augmed::with_study().await.run(&["demo"]);

    assert_eq!(run.code, Some(1), "{run:?}");
    assert!(run.stderr.contains("holds another study") && run.stderr.contains("use another one"), "{run:?}");
}

#[tokio::test]
async fn the_demo_creates_no_schema() {
    let augmed = Augmed::over(TestDb::empty().await);

    assert_eq!(augmed.run(&["demo"]).code, Some(1));
    assert_eq!(augmed.run(&["--json", "migrate", "status"]).done().json()["applied_before"], serde_json::json!([]));
}
