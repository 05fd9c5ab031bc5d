//! `augmed assignments generate`.

use std::collections::BTreeMap;
use std::fs;

use serde_json::json;

use tests::augmed::Augmed;

const ARMS: &str = "Arm,Path,Collapse,Highlight,Top
plain,BACKGROUND.*,,,
ai-score,BACKGROUND.*,,,
ai-score,RISK ASSESSMENT.*,,TRUE,1
";

fn generate(augmed: &Augmed, more: &[&str]) -> String {
    let arms = augmed.file("arms.csv", ARMS);
    augmed.run(&[&["assignments", "generate", "--arms", &arms, "--out", "out.csv"], more].concat()).done();
    fs::read_to_string(augmed.path("out.csv")).unwrap()
}

/// Returns the arm by (participant, case).
fn arms(file: &str) -> BTreeMap<(String, String), String> {
    let mut reader = csv::Reader::from_reader(file.as_bytes());
    let rows = reader.records().map(|row| row.unwrap());
    rows.map(|row| ((row[0].to_owned(), row[1].to_owned()), row[7].to_owned())).collect()
}

#[tokio::test]
async fn a_seed_gives_the_same_file_for_any_order_of_the_input() {
    let augmed = Augmed::with_study().await;

    let first = generate(&augmed, &["--seed", "main", "--cases", "101,102,103,104"]);
    let again = generate(&augmed, &["--seed", "main", "--cases", "104,102,103,101"]);
    let other = generate(&augmed, &["--seed", "other"]);

    assert_eq!(first, again);
    assert_ne!(first, other);
}

#[tokio::test]
async fn everybody_reads_every_case_once_and_both_arms_are_balanced() {
    let augmed = Augmed::with_study().await;

    let arms = arms(&generate(&augmed, &["--seed", "main"]));

    assert_eq!(arms.len(), 2 * 4);
    for case in ["101", "102", "103", "104"] {
        let of_case: Vec<_> = arms.iter().filter(|((_, one), _)| one == case).map(|(_, arm)| arm).collect();
        assert_ne!(of_case[0], of_case[1], "each case in both arms");
    }
    let plain = arms.iter().filter(|((user, _), arm)| user == "a@study.test" && *arm == "plain").count();
    assert_eq!(plain, 2);
}

#[tokio::test]
async fn a_generated_file_can_be_uploaded_without_warnings() {
    let augmed = Augmed::with_study().await;
    generate(&augmed, &["--seed", "main", "--experiment", "exp-1", "--cases-per-participant", "3"]);

    let uploaded = augmed.run(&["--json", "assignments", "upload", "out.csv"]).done().json();

    assert_eq!((&uploaded["created"], &uploaded["warnings"]), (&json!(6), &json!([])));
}

#[tokio::test]
async fn an_unknown_path_of_an_arm_is_reported_with_its_row() {
    let augmed = Augmed::with_study().await;
    for (row, said) in [
        (
            "plain,BACKGROUND.Famly History.*,,,",
            "arms.csv: row 5: BACKGROUND.Famly History.* names nothing in any case",
        ),
        ("plain,BACKGROUND.*,maybe,,", "arms.csv: row 5: Collapse is neither TRUE nor FALSE"),
        ("plain,BACKGROUND.*,,,high", "arms.csv: row 5: Top is not a number"),
        ("plain,,,,", "arms.csv: row 5: Path is empty"),
    ] {
        let arms = augmed.file("arms.csv", format!("{ARMS}{row}\n"));

        let run = augmed.run(&["assignments", "generate", "--arms", &arms, "--out", "bad.csv"]);

        assert!(run.code == Some(1) && run.stderr.contains(said), "{run:?}");
        assert!(!augmed.path("bad.csv").exists());
    }
}

#[tokio::test]
async fn a_path_that_only_some_cases_have_is_noted() {
    let augmed = Augmed::with_study().await;
    let arms =
        augmed.file("arms.csv", format!("{ARMS}plain,BACKGROUND.Family History.Colorectal Cancer: Yes,,TRUE,\n"));

    let generated =
        augmed.run(&["--json", "assignments", "generate", "--arms", &arms, "--out", "out.csv"]).done().json();

    let note = "row 5: BACKGROUND.Family History.Colorectal Cancer: Yes names nothing in 1 cases";
    assert_eq!(generated["notes"], json!([note]));
}

#[tokio::test]
async fn nobody_reads_a_case_twice() {
    let augmed = Augmed::with_study().await;
    let arms = augmed.file("arms.csv", ARMS);

    let run = augmed.run(&["assignments", "generate", "--arms", &arms, "--cases-per-participant", "5"]);

    assert!(run.code == Some(2) && run.stderr.contains("there are 4 cases"), "{run:?}");
}
