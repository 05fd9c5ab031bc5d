//! Headers as people write them: other case, blanks, misspelt names. What is not read is named.

use std::fs;

use serde_json::json;
use sqlx::Executor as _;

use crate::field::{assert_refused, count};
use tests::augmed::Augmed;

#[tokio::test]
async fn an_upload_ignores_case_and_blanks_of_columns_and_names_those_that_it_does_not_know() {
    let augmed = Augmed::with_study().await;
    let row = "a@study.test,101,RISK ASSESSMENT.CRC risk assessments,ai,0.5\n";
    let odd = augmed.file("odd.csv", format!("user,Case no. ,Path,ARM, Probability\n{row}"));
    let misspelt = augmed.file("misspelt.csv", format!("User,Case No.,Path,Arm,Probabilty\n{row}"));

    let refused = augmed.run(&["--json", "assignments", "upload", &misspelt]);
    augmed.run(&["assignments", "upload", &odd]).done();

    let warnings = json!(["row 1: ignored columns, unknown or repeated: Probabilty"]);
    assert_eq!((refused.code, &refused.json()["warnings"]), (Some(1), &warnings));
    let labels = sqlx::query_as("SELECT arm, allocation_probability FROM display_config");
    let labels: (Option<String>, Option<f64>) = labels.fetch_one(&augmed.db.pool).await.unwrap();
    assert_eq!(labels, (Some("ai".to_owned()), Some(0.5)));
}

#[tokio::test]
async fn labels_that_differ_from_those_of_the_first_row_are_a_warning() {
    let augmed = Augmed::with_study().await;
    let rows = "a@study.test,101,BACKGROUND.Family History.Diabetes: No,plain,exp-1\n\
                a@study.test,101,BACKGROUND.Social History.Smoke.Former smoker,,\n\
                a@study.test,101,RISK ASSESSMENT.CRC risk assessments,ai,exp-1\n";
    let file = augmed.file("a.csv", format!("User,Case No.,Path,Arm,Experiment\n{rows}"));

    let preview = augmed.run(&["--json", "assignments", "preview", &file]);
    let upload = augmed.run(&["assignments", "upload", &file]);

    let warnings = json!(["row 4: other Arm than in row 2, which counts"]);
    assert_eq!((preview.code, &preview.json()["warnings"]), (Some(1), &warnings));
    assert_eq!((upload.code, count(&augmed, "display_config").await), (Some(1), 0));
}

#[tokio::test]
async fn an_invitation_reads_columns_in_any_case_and_notes_the_others() {
    let augmed = Augmed::new().await;
    let file = augmed.file("people.csv", "Email,Name, POSITION,Degree\na@study.test,Ada,Nurse,BSc\n");

    let invited = augmed.run(&["users", "invite", "--file", &file]).done();

    let account = augmed.run(&["--json", "users", "list"]).json()[0].clone();
    assert_eq!(account["name"], "Ada", "{account}");
    let position = sqlx::query_scalar::<_, String>(r#"SELECT position FROM "user""#).fetch_one(&augmed.db.pool).await;
    assert_eq!(position.unwrap(), "Nurse");
    assert!(invited.stderr.contains("note: ") && invited.stderr.contains("unknown or repeated: Degree"), "{invited:?}");
}

#[tokio::test]
async fn arms_are_read_with_columns_in_any_case_and_others_are_noted() {
    let augmed = Augmed::with_study().await;
    let arms = augmed.file("arms.csv", "arm,path, HIGHLIGHT,Colapse\nplain,BACKGROUND.*,TRUE,TRUE\n");

    let run = augmed.run(&["--json", "assignments", "generate", "--arms", &arms, "--out", "out.csv"]).done();

    let notes = run.json()["notes"].to_string();
    assert!(notes.contains("arms.csv: row 1: ignored columns, unknown or repeated: Colapse"), "{notes}");
    let file = fs::read_to_string(augmed.path("out.csv")).unwrap();
    assert!(file.lines().skip(1).all(|line| line.contains(",,TRUE,")), "{file}");
}

#[tokio::test]
async fn a_file_without_people_is_refused() {
    let augmed = Augmed::with_study().await;
    let assignments = "User,Case No.,Path\na@study.test,101,BACKGROUND.Family History.Diabetes: No\n";
    augmed.run(&["assignments", "upload", &augmed.file("a.csv", assignments)]).done();
    let empty = augmed.file("empty.csv", "email,name\n,\n");

    let cleared = augmed.run(&["assignments", "clear", "--keep", &empty, "--yes"]);
    let invited = augmed.run(&["users", "invite", "--file", &empty]);
    let prolific = augmed.file("prolific.csv", "Participant id,Status\nCONSENT_REVOKED,RETURNED\n");
    let of_prolific = augmed.run(&["users", "invite", "--prolific", &prolific]);

    assert_refused(&cleared, &["empty.csv: the file has no people"]);
    assert_refused(&invited, &["empty.csv: the file has no people"]);
    assert_refused(&of_prolific, &["prolific.csv: the file has no participant"]);
    assert_eq!(count(&augmed, "display_config").await, 1);
}

#[tokio::test]
async fn a_question_mark_in_a_path_is_no_wildcard() {
    let augmed = Augmed::with_study().await;
    let values = "UPDATE observation SET value_as_string = CASE observation_concept_id WHEN 4167217 THEN 'Fever?' ELSE value_as_string END
                  WHERE observation_id % 10 = 1;
                  UPDATE observation SET value_as_string = 'Fever!' WHERE observation_id % 10 = 2";
    augmed.db.pool.execute(values).await.unwrap();
    let arms = augmed.file("arms.csv", "Arm,Path\nplain,BACKGROUND.Family History.Fever?\n");
    let design = augmed.file("study.toml", "always = ['BACKGROUND.Family History.Fever?', 'PHYSICAL EXAMINATION.*']");

    for source in [["--arms", &arms], ["--design-file", &design]] {
        let cases = ["--cases", "101", "--out", "out.csv"];
        augmed.run(&[&["assignments", "generate"], &source[..], &cases].concat()).done();
        let file = fs::read_to_string(augmed.path("out.csv")).unwrap();
        assert!(file.contains("Fever?") && !file.contains("Fever!"), "{source:?}: {file}");
    }
}
