//! `augmed case`.

use serde_json::json;
use tests::app::TestApp;

use tests::augmed::Augmed;

const FILE: &str = "User,Case No.,Path,Collapse,Highlight,Top
a@study.test,101,BACKGROUND.Family History.Colorectal Cancer: Yes,,TRUE,1
a@study.test,101,RISK ASSESSMENT.CRC risk assessments,,,
";

const DRAWN: &str = "\
Case 101, patient Patient 101
Important
├── Family History
│   └── Colorectal Cancer: Yes
└── AI CRC Risk Score (<6: Low; 6-11: Medium; >11: High)
    └── AI-Predicted CRC Risk Score: High
BACKGROUND
├── Patient Demographics
│   ├── Age: 74
│   └── Gender: FEMALE
├── Family History [highlighted, top 1.0]
│   └── Colorectal Cancer: Yes
└── Social History
PATIENT COMPLAINT
└── Chief Complaint
    └── Abdominal pain: for three weeks
PHYSICAL EXAMINATION
└── Vital signs
    ├── Heart rate: 72
    └── Body temperature: 36.60
";

#[tokio::test]
async fn a_case_is_printed_as_its_participant_sees_it_before_and_after_the_upload() {
    let augmed = Augmed::with_study().await;
    let file = augmed.file("a.csv", FILE);
    augmed.run(&["assignments", "upload", &file]).done();
    let id = augmed.run(&["--json", "assignments", "list"]).json()[0]["id"].take();

    let before = augmed.run(&["case", "show", "--file", &file, "--row", "3"]).done();
    let after = augmed.run(&["case", "show", id.as_str().unwrap()]).done();

    assert_eq!(before.stdout, DRAWN);
    assert_eq!(after.stdout, DRAWN);
}

#[tokio::test]
async fn json_equals_the_response_of_the_route() {
    let augmed = Augmed::with_study().await;
    augmed.run(&["assignments", "upload", &augmed.file("a.csv", FILE)]).done();
    sqlx::query(r#"UPDATE "user" SET active = true"#).execute(&augmed.db.pool).await.unwrap();
    let id = augmed.run(&["--json", "assignments", "list"]).json()[0]["id"].as_str().unwrap().to_owned();

    let shown = augmed.run(&["--json", "case", "show", &id]).done().json();

    let Augmed { db, .. } = augmed;
    let api = TestApp::over(db).await;
    let token = api.token_for("a@study.test");
    assert_eq!(shown, api.get(&format!("/api/case-reviews/{id}"), Some(&token)).await.data());
}

#[tokio::test]
async fn the_paths_of_a_case_are_listed() {
    let augmed = Augmed::with_study().await;

    let paths = augmed.run(&["--json", "case", "paths", "104"]).done().json();

    let expected = [
        "BACKGROUND.Family History.Diabetes: No",
        "BACKGROUND.Social History.Smoke.Former smoker",
        "PATIENT COMPLAINT.Chief Complaint.Abdominal pain",
        "PHYSICAL EXAMINATION.Vital Signs.Vital signs",
        "RISK ASSESSMENT.CRC risk assessments",
    ];
    assert_eq!(paths, json!({ "104": expected }));
}

#[tokio::test]
async fn missing_things_are_named() {
    let augmed = Augmed::with_study().await;
    let file = augmed.file("a.csv", FILE);
    for (arguments, said) in [
        (&["case", "show", "nonesuch"][..], "there is no assignment nonesuch"),
        (&["case", "show", "--file", &file, "--row", "9"], "a.csv: row 9 is not part of an assignment"),
        (&["case", "paths", "999"], "case 999 has no visit"),
    ] {
        let run = augmed.run(arguments);

        assert!(run.code == Some(1) && run.stderr.contains(said), "{run:?}");
    }
}
