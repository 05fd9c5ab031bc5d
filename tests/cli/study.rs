//! Runs the commands of docs/study.md, starting with an empty database.

use tests::db::TestDb;

use tests::augmed::Augmed;

/// Simulates what people do on the page between two commands.
const ANSWERS: &str = include_str!("answers.sql");

#[tokio::test]
async fn the_documented_study_works_as_printed() {
    let augmed = Augmed::over(TestDb::empty().await);
    let text = include_str!("../../docs/study.md");
    let mut said = String::new();
    for block in text.split("```") {
        if let Some(commands) = block.strip_prefix("sh\n") {
            if commands.contains("augmed export analysis") {
                sqlx::raw_sql(ANSWERS).execute(&augmed.db.pool).await.unwrap();
            }
            let run = augmed.sh(commands);
            assert_eq!(run.code, Some(0), "{block}\n{run:?}");
            said += &without_trailing_blanks(&run.stdout);
        } else if let Some(printed) = block.strip_prefix("text\n") {
            assert!(said.contains(printed), "not printed:\n{printed}\n{said}");
        }
    }

    for part in [
        " migrations applied",
        "stored; 0 errors, 0 warnings",
        "3 accounts added",
        "12 assignments of 4 cases to 3 participants",
    ] {
        assert!(said.contains(part), "{part} is missing: {said}");
    }
}

/// Removes the padding of table cells.
fn without_trailing_blanks(text: &str) -> String {
    text.lines().flat_map(|line| [line.trim_end(), "\n"]).collect()
}
