//! Headers as people write them: other case, blanks, misspelt names. What is not read is named.

use std::fs;

use sqlx::Executor as _;

use crate::augmed::Augmed;
use crate::field::{assert_refused, count};

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
