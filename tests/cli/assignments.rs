//! `augmed assignments`: upload, preview, list, export, clear.

use std::fs;

use serde_json::json;

use tests::augmed::Augmed;

const FILE: &str = "\u{feff}User,Case No.,Path,Collapse,Highlight,Top,Experiment,Arm,Policy,Probability
b@study.test,102,BACKGROUND.Family History.Diabetes: No,TRUE,,,exp-1,plain,,0.5
b@study.test,102,BACKGROUND.Social History.Smoke.Former smoker,,TRUE,2.5,exp-1,plain,,0.5
a@study.test,101,RISK ASSESSMENT.CRC risk assessments,,,,exp-1,ai,p-1,
";

#[tokio::test]
async fn a_file_is_uploaded_in_order_and_exported_unchanged() {
    let augmed = Augmed::with_study().await;
    let file = augmed.file("a.csv", FILE);

    let uploaded = augmed.run(&["--json", "assignments", "upload", &file]).done().json();
    let again = augmed.run(&["--json", "assignments", "upload", &file]).done().json();
    augmed.run(&["assignments", "export", "--out", "out.csv"]).done();

    assert_eq!((&uploaded["created"], &uploaded["updated"]), (&json!(2), &json!(0)));
    assert_eq!((&again["created"], &again["updated"]), (&json!(0), &json!(2)));
    let exported = fs::read_to_string(augmed.path("out.csv")).unwrap();
    let without_ids = exported.lines().map(|line| line.rsplitn(3, ',').last().unwrap());
    assert_eq!(without_ids.collect::<Vec<_>>(), FILE.trim_start_matches('\u{feff}').lines().collect::<Vec<_>>());
    let actions: Vec<String> = augmed.audited().await.into_iter().map(|(_, action)| action).collect();
    assert_eq!(actions[actions.len() - 3..], ["assignments.upload", "assignments.upload", "data.export"]);
}

#[tokio::test]
async fn uploading_an_export_gives_the_same_ids() {
    let augmed = Augmed::with_study().await;
    augmed.run(&["assignments", "upload", &augmed.file("a.csv", FILE)]).done();
    let before = augmed.run(&["assignments", "list"]).stdout;

    let run = augmed
        .sh("augmed assignments export > b.csv && augmed assignments clear --yes && augmed assignments upload b.csv");

    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(augmed.run(&["assignments", "list"]).stdout, before);
}

#[tokio::test]
async fn unknown_paths_are_refused_without_force() {
    let augmed = Augmed::with_study().await;
    let odd = "User,Case No.,Path\nc@study.test,101,BACKGROUND.Family History.Diabetes: No\na@study.test,104,BACKGROUND.Family History.Colorectal Cancer: Yes\na@study.test,999,BACKGROUND.x\n";
    let file = augmed.file("odd.csv", odd);

    let preview = augmed.run(&["--json", "assignments", "preview", &file]);
    let upload = augmed.run(&["assignments", "upload", &file]);

    let warnings = json!([
        "row 2: there is no account c@study.test",
        "row 3: BACKGROUND.Family History.Colorectal Cancer: Yes names nothing in case 104",
        "row 4: case 999 has no visit",
    ]);
    assert_eq!((preview.code, &preview.json()["warnings"]), (Some(1), &warnings));
    assert!(upload.code == Some(1) && upload.stdout.contains("nothing was stored"), "{upload:?}");
    assert_eq!(augmed.run(&["--json", "assignments", "list"]).json(), json!([]));
    augmed.run(&["assignments", "upload", &file, "--force"]).done();
}

#[tokio::test]
async fn an_invalid_row_is_reported_and_nothing_changes() {
    let augmed = Augmed::with_study().await;
    augmed.run(&["assignments", "upload", &augmed.file("a.csv", FILE)]).done();
    let before = augmed.run(&["assignments", "list"]).stdout;
    let file = augmed.file(
        "bad.csv",
        "User,Case No.,Path,Top\na@study.test,101,BACKGROUND.x,\na@study.test,102,BACKGROUND.x,high\n",
    );

    let run = augmed.run(&["assignments", "upload", &file, "--replace", "--yes"]);

    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("bad.csv: row 3: Top is not a number"), "{run:?}");
    assert_eq!(augmed.run(&["assignments", "list"]).stdout, before);
}

#[tokio::test]
async fn a_large_file_is_looked_up_and_stored() {
    let augmed = Augmed::with_study().await;
    let visits = "INSERT INTO visit_occurrence (visit_occurrence_id, person_id, visit_concept_id, visit_start_date, visit_end_date, visit_type_concept_id)
                  SELECT id, 101, 0, '2025-03-03', '2025-03-03', 0 FROM generate_series(1001, 3500) AS id";
    sqlx::query(visits).execute(&augmed.db.pool).await.unwrap();
    let rows: Vec<String> =
        (1001..=3500).map(|case| format!("a@study.test,{case},BACKGROUND.Patient Demographics.Age\n")).collect();
    let file = augmed.file("large.csv", format!("User,Case No.,Path\n{}", rows.concat()));

    let uploaded = augmed.run(&["--json", "assignments", "upload", &file]).done().json();

    assert_eq!((&uploaded["created"], &uploaded["warnings"]), (&json!(2500), &json!([])));
}

#[tokio::test]
async fn answered_assignments_can_be_kept() {
    let augmed = Augmed::with_study().await;
    augmed.run(&["assignments", "upload", &augmed.file("a.csv", FILE)]).done();
    let answered = "INSERT INTO answer (task_id, case_id, user_email) SELECT id, case_id, user_email FROM display_config WHERE case_id = 101";
    sqlx::query(answered).execute(&augmed.db.pool).await.unwrap();

    let cleared = augmed.run(&["--json", "assignments", "clear", "--unanswered", "--yes"]).done().json();

    assert_eq!(cleared, json!({"removed": 1, "answered": 0}));
    let left = augmed.run(&["--json", "assignments", "list"]).json();
    assert_eq!(
        (left.as_array().unwrap().len(), &left[0]["case_id"], &left[0]["answered"]),
        (1, &json!(101), &json!(true))
    );
}
