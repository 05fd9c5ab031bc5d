//! docs/study.md, from an empty database.

use tests::db::TestDb;

use crate::augmed::Augmed;

#[tokio::test]
async fn the_study_of_the_documentation_works_as_printed() {
    let augmed = Augmed::over(TestDb::empty().await);
    let text = include_str!("../../docs/study.md");
    let blocks = text.split("```").filter_map(|block| block.strip_prefix("sh\n"));

    let mut said = String::new();
    for block in blocks {
        let run = augmed.sh(block);
        assert_eq!(run.code, Some(0), "{block}\n{run:?}");
        said += &run.stdout;
        if block.contains("augmed migrate up") && !text.contains("augmed load clinical") {
            augmed.load_clinical_data().await;
        }
    }

    for part in [
        " migrations applied",
        "stored; 0 wrong, 0 to look at",
        "3 accounts added",
        "12 assignments of 4 cases to 3 participants",
    ] {
        assert!(said.contains(part), "{part} is missing: {said}");
    }
}
