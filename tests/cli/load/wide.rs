//! `augmed load clinical --mapping`: one row per patient.

use std::fs;
use std::process::Stdio;

use sqlx::Executor as _;

use super::{count, wait_for};
use crate::field::assert_refused;
use tests::augmed::Augmed;

const MAPPING: &str = "column,target,concept_id\nAGE,age,\nFH,observation,4167217\n";

/// Returns arguments that load these patients.
fn arguments(augmed: &Augmed, mapping: &str, patients: &str) -> [String; 7] {
    let (mapping, patients) = (augmed.file("mapping.csv", mapping), augmed.file("patients.csv", patients));
    ["load", "clinical", &patients, "--mapping", &mapping, "--visit-date", "2025-03-03"].map(str::to_owned)
}

fn refs(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

#[tokio::test]
async fn loads_at_the_same_time_choose_different_ids() {
    let augmed = Augmed::new().await;
    let arguments = arguments(&augmed, MAPPING, "AGE,FH\n57,yes\n40,no\n");
    let mut held = augmed.db.pool.begin().await.unwrap();
    held.execute("LOCK TABLE person IN SHARE ROW EXCLUSIVE MODE").await.unwrap();
    let start = || augmed.command(&refs(&arguments)).stdout(Stdio::null()).spawn().unwrap();
    let mut runs = [start(), start()];
    wait_for(&augmed, "count(*) = 2", "wait_event_type = 'Lock'").await;

    held.rollback().await.unwrap();

    assert!(runs.iter_mut().all(|run| run.wait().unwrap().success()));
    assert_eq!((count(&augmed, "person").await, count(&augmed, "observation").await), (4, 4));
}

#[tokio::test]
async fn patients_are_not_stored_twice() {
    let augmed = Augmed::new().await;
    let mapping = format!("{MAPPING}ID,person_source_value,\n");
    let anonymous = arguments(&augmed, MAPPING, "AGE,FH,ID\n57,yes,P1\n");
    let noted = augmed.run(&[&refs(&anonymous)[..], &["--check"]].concat()).done();
    let named = arguments(&augmed, &mapping, "AGE,FH,ID\n57,yes,P1\n");
    augmed.run(&refs(&named)).done();
    let more = arguments(&augmed, &mapping, "AGE,FH,ID\n40,no,P2\n57,yes,P1\n");

    let refused = augmed.run(&refs(&more));

    assert_refused(&refused, &["patients.csv: line 3, column ID: a stored patient has this person_source_value"]);
    assert_eq!(count(&augmed, "person").await, 1);
    assert!(noted.stdout.contains("if this file is loaded again, its patients are stored twice"), "{noted:?}");
}

#[tokio::test]
async fn an_error_that_is_found_later_is_reported_with_the_line_of_the_file() {
    let augmed = Augmed::new().await;
    let arguments = arguments(&augmed, MAPPING, "AGE,FH\n57,\"two\nlines\"\n57,\n57,a\0b\n");

    let refused = augmed.run(&refs(&arguments));

    assert_refused(&refused, &["patients.csv: line 5, column observation.value_as_string: has a NUL"]);
}

#[tokio::test]
async fn no_patient_is_written_to_another_file() {
    let augmed = Augmed::new().await;
    let arguments = arguments(&augmed, MAPPING, "AGE,FH\n57,yes\n");
    let temporary = augmed.directory("tmp", &[]);
    // the load blocks when everything but the audit trail is written
    let mut held = augmed.db.pool.begin().await.unwrap();
    held.execute("LOCK TABLE audit_entry").await.unwrap();
    let run = augmed.command(&refs(&arguments)).env("TMPDIR", &temporary).stdout(Stdio::null()).spawn();
    wait_for(&augmed, "count(*) = 1", "wait_event_type = 'Lock'").await;

    let files = fs::read_dir(temporary).unwrap().count();

    held.rollback().await.unwrap();
    assert!(run.unwrap().wait().unwrap().success());
    assert_eq!((files, count(&augmed, "person").await), (0, 1));
}
