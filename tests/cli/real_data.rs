//! Loads published data sets unchanged. `REAL_DATA` names the directory that contains them; missing sets are not tested. They are
//! not copied here, because they belong to others: docs/study.md says where they come from.

use std::path::PathBuf;

use tests::augmed::Augmed;

/// Returns the path of a data set, if it exists.
fn data(name: &str) -> Option<String> {
    let path = PathBuf::from(std::env::var_os("REAL_DATA")?).join(name);
    path.exists().then(|| path.into_os_string().into_string().unwrap())
}

/// Assigns these cases to a participant, shows one of them, and exports.
fn study(augmed: &Augmed, page_config: &str, path: &str, cases: &[i32]) {
    augmed.run(&["page-config", "set", &augmed.file("page_config.json", page_config)]).done();
    augmed.run(&["questionnaire", "set", &augmed.file("q.json", r#"[{"type": "Text", "title": "Why?"}]"#)]).done();
    augmed.run(&["users", "invite", "a@study.test"]).done();
    let rows: Vec<String> = cases.iter().map(|case| format!("a@study.test,{case},{path}\n")).collect();
    let rows = rows.concat();
    let file = augmed.file("assignments.csv", format!("User,Case No.,Path\n{rows}"));
    augmed.run(&["assignments", "upload", &file]).done();
    let case = augmed.run(&["case", "show", "--file", &file, "--row", "2"]).done();
    assert!(case.stdout.contains("Age"), "{case:?}");
    augmed.run(&["export", "analysis", "--validate", "--output", "study.csv"]).done();
    augmed.run(&["export", "assignments", "--output", "assignments.json"]).done();
}

async fn cases(augmed: &Augmed) -> Vec<i32> {
    let visits = "SELECT visit_occurrence_id FROM visit_occurrence ORDER BY 1 LIMIT 5";
    sqlx::query_scalar(visits).fetch_all(&augmed.db.pool).await.unwrap()
}

/// `datasets/Synthea27Nj/Synthea27Nj_5.4.zip` of github.com/OHDSI/EunomiaDatasets.
#[tokio::test]
async fn the_synthea_shard_of_eunomia_is_loaded_unchanged() {
    let Some(archive) = data("Synthea27Nj_5.4.zip") else { return };
    let augmed = Augmed::new().await;

    augmed.run(&["load", "vocabulary", &archive, "--add-missing-concepts"]).done();
    augmed.run(&["load", "clinical", &archive, "--add-missing-concepts"]).done();

    let page = r#"{"BACKGROUND": {"Any": [0]}, "PHYSICAL EXAMINATION": {"Weight": [3025315]}}"#;
    study(&augmed, page, "BACKGROUND.Patient Demographics.Age", &cases(&augmed).await);
}

/// The directory `1_omop_data_csv` of physionet.org/content/mimic-iv-demo-omop/0.9.
#[tokio::test]
async fn the_demo_of_mimic_iv_is_loaded_unchanged() {
    let Some(directory) = data("1_omop_data_csv") else { return };
    let augmed = Augmed::new().await;
    let ids = augmed.path("ids.csv").into_os_string().into_string().unwrap();
    let lenient = ["--add-missing-concepts", "--truncate"];

    let vocabulary = ["load", "vocabulary", &directory, "--skip", "vocabulary"];
    augmed.run(&[&vocabulary[..], &lenient].concat()).done();
    augmed.run(&[&["load", "clinical", &directory, "--renumber", &ids][..], &lenient].concat()).done();

    let page = r#"{"BACKGROUND": {"Any": [0]}, "PHYSICAL EXAMINATION": {"Heart rate": [3027018]}}"#;
    study(&augmed, page, "BACKGROUND.Patient Demographics.Age", &cases(&augmed).await);
}
