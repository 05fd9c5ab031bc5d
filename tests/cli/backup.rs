//! `augmed assignments export`, as a backup for `upload`.

use std::fs;

use serde_json::{Value, json};
use sqlx::Executor as _;

use crate::field::assert_refused;
use tests::augmed::Augmed;

const HEADER: &str = "User,Case No.,Path,Arm";
const DIABETES: &str = "BACKGROUND.Family History.Diabetes: No";
const SCORE: &str = "RISK ASSESSMENT.CRC risk assessments";
/// Exports, clears and uploads all assignments.
const RESTORE: &str =
    "augmed assignments export > b.csv; augmed assignments clear --yes; augmed assignments upload b.csv";

fn upload(augmed: &Augmed, rows: &[&str], more: &[&str]) {
    let file = augmed.file("a.csv", format!("{HEADER}\n{}\n", rows.join("\n")));
    augmed.run(&[&["assignments", "upload", &file], more].concat()).done();
}

/// Returns every column of every assignment, in order.
async fn stored(augmed: &Augmed) -> Vec<Value> {
    let rows = "SELECT to_jsonb(display_config) - 'upload_order' FROM display_config ORDER BY upload_order";
    sqlx::query_scalar(rows).fetch_all(&augmed.db.pool).await.unwrap()
}

#[tokio::test]
async fn an_answered_assignment_that_an_upload_changed_is_answered_after_a_restore() {
    let augmed = Augmed::with_study().await;
    upload(&augmed, &[&format!("a@study.test,101,{DIABETES},plain")], &[]);
    let answer = "INSERT INTO answer (task_id, case_id, user_email, answer) SELECT id, case_id, user_email, '{}' FROM display_config";
    augmed.db.pool.execute(answer).await.unwrap();
    upload(&augmed, &[&format!("a@study.test,101,{SCORE},ai")], &[]);
    let before = stored(&augmed).await;

    let run = augmed.sh(RESTORE);

    assert_eq!((run.code, stored(&augmed).await), (Some(0), before), "{run:?}");
    assert_eq!(augmed.run(&["--json", "assignments", "list"]).json()[0]["answered"], json!(true));
}

#[tokio::test]
async fn second_readings_and_assignments_of_a_service_are_the_same_after_a_restore() {
    let augmed = Augmed::with_study().await;
    upload(&augmed, &[&format!("a@study.test,101,{DIABETES},plain")], &[]);
    upload(&augmed, &[&format!("a@study.test,101,{SCORE},ai")], &["--second-reading"]);
    let of_service = r#"INSERT INTO experiment (experiment_id, name, arms) VALUES ('exp-1', 'e', '[]');
        INSERT INTO rl_run (experiment_id, triggered_by) VALUES ('exp-1', 'test');
        INSERT INTO display_config (id, user_email, case_id, path_config, experiment_id, rl_run_id, allocation_probability)
        SELECT 'task 1', 'b@study.test', 102, '[{"path": "RISK ASSESSMENT.CRC risk assessments", "style": {"top": 1.0}}]', 'exp-1', id, 0.25
        FROM rl_run"#;
    augmed.db.pool.execute(of_service).await.unwrap();
    let before = stored(&augmed).await;

    let run = augmed.sh(RESTORE);

    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!((before.len(), stored(&augmed).await), (3, before));
    for more in [&["--second-reading"][..], &["--replace", "--yes"], &[]] {
        augmed.run(&[&["assignments", "upload", "b.csv"], more].concat()).done();
        assert_eq!(stored(&augmed).await.len(), 3, "{more:?}");
    }
}

#[tokio::test]
async fn an_export_that_loses_something_says_so_and_exits_with_1() {
    let augmed = Augmed::with_study().await;
    let path = format!(r#"[{{"path": "{DIABETES}", "style": {{"highlight": "yes"}}}}]"#);
    let odd = "INSERT INTO display_config (id, user_email, case_id, path_config)
               VALUES ('null', 'a@study.test', 101, 'null'), ('yes', 'a@study.test', 102, $1::json), ('nobody', NULL, 103, $1::json)";
    sqlx::query(odd).bind(path).execute(&augmed.db.pool).await.unwrap();

    let run = augmed.run(&["--json", "assignments", "export", "--out", "b.csv"]);
    let to_stdout = augmed.run(&["assignments", "export"]);

    assert_eq!(run.json(), json!({"assignments": 1, "rows": 1, "different": 1, "left_out": 2}));
    assert_eq!((run.code, to_stdout.code), (Some(1), Some(1)));
    assert!(to_stdout.stderr.contains("warning: 2 assignments are left out"), "{to_stdout:?}");
}

#[tokio::test]
async fn ids_that_contradict_each_other_or_the_database_are_refused() {
    let augmed = Augmed::with_study().await;
    upload(&augmed, &[&format!("a@study.test,101,{DIABETES},plain")], &[]);
    let before = stored(&augmed).await;
    let id = before[0]["id"].as_str().unwrap();
    let row = |user: &str, case: i32, id: &str| format!("{user}@study.test,{case},{SCORE},{id}");
    for (rows, said) in [
        (vec![row("a", 102, "x"), row("b", 102, "x")], "bad.csv: row 3: two assignments have the same id"),
        (vec![row("a", 102, "x"), row("a", 102, "")], "bad.csv: row 3: Assignment is empty, but another row"),
        (vec![row("a", 102, &"x".repeat(255))], "bad.csv: row 2: Assignment is longer than 254 characters"),
        (vec![row("b", 101, id)], "another participant or case; nothing was stored"),
        (
            vec![row("b", 102, "y"), row("a", 101, "x")],
            "bad.csv: row 3: the participant already has this case, with another id",
        ),
    ] {
        let file = augmed.file("bad.csv", format!("User,Case No.,Path,Assignment\n{}\n", rows.join("\n")));

        assert_refused(&augmed.run(&["assignments", "upload", &file]), &[said]);
        assert_eq!(stored(&augmed).await, before, "{said}");
    }
    let file = augmed.file("bad.csv", format!("User,Case No.,Path,Assignment\n{}\n", row("b", 102, id)));
    assert_refused(&augmed.run(&["assignments", "upload", &file, "--second-reading"]), &["nothing was stored"]);
}

#[tokio::test]
async fn an_unknown_run_is_a_warning() {
    let augmed = Augmed::with_study().await;
    let file = augmed.file("a.csv", format!("User,Case No.,Path,Run\na@study.test,101,{SCORE},7\n"));
    let odd = augmed.file("odd.csv", format!("User,Case No.,Path,Run\na@study.test,101,{SCORE},seven\n"));

    let refused = augmed.run(&["--json", "assignments", "upload", &file]);

    assert_eq!((refused.code, &refused.json()["warnings"]), (Some(1), &json!(["row 2: there is no run 7"])));
    assert_refused(&augmed.run(&["assignments", "upload", &odd]), &["odd.csv: row 2: Run is not an integer"]);
    augmed.run(&["assignments", "upload", &file, "--force"]).done();
    assert_eq!(stored(&augmed).await[0]["rl_run_id"], json!(7));
}

#[tokio::test]
async fn a_misspelt_name_neither_replaces_a_backup_nor_seems_to_remove_anything() {
    let augmed = Augmed::with_study().await;
    upload(&augmed, &[&format!("a@study.test,101,{DIABETES},plain")], &["--experiment", "exp-1"]);
    augmed.run(&["assignments", "export", "--experiment", "exp-1", "--out", "b.csv"]).done();
    let backup = fs::read(augmed.path("b.csv")).unwrap();

    let typo = augmed.run(&["assignments", "export", "--experiment", "exp1", "--out", "b.csv"]);
    let user = augmed.run(&["assignments", "clear", "--user", "A@study.test", "--yes"]);
    let experiment = augmed.run(&["assignments", "clear", "--experiment", "exp1", "--yes"]);
    augmed.run(&["assignments", "clear", "--user", "a@study.test", "--yes"]).done();
    let empty = augmed.run(&["assignments", "export", "--out", "b.csv"]);

    assert_refused(&typo, &["there is no assignment of this experiment to export; no file was written"]);
    assert_refused(&user, &["--user: this participant has no assignment; nothing was removed"]);
    assert_refused(&experiment, &["--experiment: it has no assignment; nothing was removed"]);
    assert_refused(&empty, &["there is no assignment to export; no file was written"]);
    assert_eq!(fs::read(augmed.path("b.csv")).unwrap(), backup);
    augmed.run(&["assignments", "clear", "--yes"]).done();
}

#[tokio::test]
async fn a_design_refuses_a_file_with_second_readings_among_the_first() {
    let augmed = Augmed::with_study().await;
    let rows = format!("a@study.test,101,{DIABETES},x\na@study.test,101,{DIABETES},y\n");
    augmed.file("first.csv", format!("User,Case No.,Path,Assignment\n{rows}"));
    let design = augmed.file("study.toml", "seed = 1\nalways = ['BACKGROUND.*', 'PHYSICAL EXAMINATION.*']");

    let run = augmed.run(&["assignments", "generate", "--design-file", &design, "--second-reading-of", "first.csv"]);

    assert_refused(&run, &["first.csv: row 3: is a second reading of this participant and case"]);
}
