//! `augmed load --renumber`: the file of ids.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sqlx::Executor as _;

use super::{count, texts, wait_for};
use crate::field::assert_refused;
use tests::augmed::{Augmed, Run};

const HEADER: &str = "person_id,gender_concept_id,year_of_birth,race_concept_id,ethnicity_concept_id\n";

/// Writes patients of these ids, and returns the directory.
fn patients(augmed: &Augmed, ids: &[i64]) -> String {
    let rows: Vec<String> = ids.iter().map(|id| format!("{id},0,1950,0,0\n")).collect();
    augmed.directory("source", &[("person.csv", [HEADER, &rows.concat()].concat().as_bytes())])
}

fn load(augmed: &Augmed, ids: &[i64]) -> Run {
    augmed.run(&["--json", "load", "clinical", &patients(augmed, ids), "--renumber", "ids.csv"])
}

fn file(augmed: &Augmed) -> String {
    fs::read_to_string(augmed.path("ids.csv")).unwrap()
}

#[tokio::test]
async fn a_file_of_ids_is_refused_by_another_database() {
    let (copy, production) = (Augmed::new().await, Augmed::new().await);
    load(&copy, &[71, 72]).done();
    let other_site = format!("{HEADER}1,0,1901,0,0\n2,0,1902,0,0\n");
    let other_site = production.directory("other", &[("person.csv", other_site.as_bytes())]);
    production.run(&["load", "clinical", &other_site]).done();
    production.file("ids.csv", file(&copy));

    let refused = load(&production, &[71, 72]);

    assert_refused(&refused, &["ids.csv: this database has not stored its ids"]);
    assert_eq!(count(&production, "person WHERE year_of_birth IN (1901, 1902)").await, 2);
    load(&copy, &[71, 72, 73]).done();
    assert_eq!(count(&copy, "person").await, 3);
}

#[tokio::test]
async fn a_load_that_is_not_stored_leaves_the_file_of_the_load_before() {
    let augmed = Augmed::new().await;
    load(&augmed, &[71]).done();
    let before = file(&augmed);
    // fails when the transaction is committed
    let failing = "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'full'; END $$;
        CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON person DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail()";
    augmed.db.pool.execute(failing).await.unwrap();

    let failed = load(&augmed, &[71, 72]);

    assert_eq!((failed.code, file(&augmed)), (Some(1), before), "{failed:?}");
    assert!(!augmed.path("ids.csv.new").exists());
    augmed
        .db
        .pool
        .execute("DROP TRIGGER fail ON person; INSERT INTO person VALUES (2, 0, 1902, 1, 1, NULL, 0, 0)")
        .await
        .unwrap();
    load(&augmed, &[71, 72]).done();
    assert_eq!(texts(&augmed, "SELECT person_id::text FROM person ORDER BY 1").await.len(), 3);
}

#[tokio::test]
async fn an_interrupted_load_leaves_no_file() {
    let augmed = Augmed::new().await;
    let directory = patients(&augmed, &[71]);
    // the load blocks when everything but the audit trail is written
    let mut held = augmed.db.pool.begin().await.unwrap();
    held.execute("LOCK TABLE audit_entry").await.unwrap();
    let run = ["load", "clinical", &directory, "--renumber", "ids.csv"];
    let mut run = augmed.command(&run).spawn().unwrap();
    wait_for(&augmed, "count(*) = 1", "wait_event_type = 'Lock'").await;
    let mode = fs::metadata(augmed.path("ids.csv.new")).unwrap().permissions().mode();

    kill(Pid::from_raw(run.id().try_into().unwrap()), Signal::SIGINT).unwrap();

    assert_eq!((mode & 0o777, run.wait().unwrap().code()), (0o600, Some(1)));
    held.rollback().await.unwrap();
    assert_eq!(count(&augmed, "person").await, 0);
    assert!(!augmed.path("ids.csv").exists() && !augmed.path("ids.csv.new").exists());
}

#[tokio::test]
async fn a_file_whose_load_was_stored_but_that_was_not_renamed_is_used() {
    let augmed = Augmed::new().await;
    load(&augmed, &[71]).done();
    let before = file(&augmed);
    load(&augmed, &[72]).done();
    fs::rename(augmed.path("ids.csv"), augmed.path("ids.csv.new")).unwrap();
    augmed.file("ids.csv", before);

    load(&augmed, &[71, 72]).done();

    assert_eq!((count(&augmed, "person").await, augmed.path("ids.csv.new").exists()), (2, false));
    augmed.file("ids.csv.new", "table,original,stored\nload,1,0\n");
    assert_refused(&load(&augmed, &[73]), &["ids.csv.new: has the ids of a load that this database has not stored"]);
}

#[tokio::test]
async fn a_file_that_does_not_fit_is_refused_with_its_line() {
    let augmed = Augmed::new().await;
    load(&augmed, &[71]).done();
    let old = file(&augmed);
    load(&augmed, &[71, 72]).done();
    let good = file(&augmed);
    for (content, said) in [
        (old, "ids.csv: is old: a later load has added ids"),
        (good.replace("72,2", "72,1"), "ids.csv: line 4, column stored: an earlier row has this id"),
        (good.replace("72,2", "71,2"), "ids.csv: line 4, column original: an earlier row has this id"),
        (good.replace("72,2", "72,0"), "ids.csv: line 4, column stored: is not an id"),
        (good.replace("person,72", "people,72"), "ids.csv: line 4, column table: is not a clinical table"),
        (good.replace("72,2", "72,x"), "ids.csv: line 4: is not of a file that --renumber writes"),
        ("table,original,stored\nperson,71,1\n".to_owned(), "ids.csv: line 2: is not of a file that --renumber writes"),
    ] {
        augmed.file("ids.csv", content);

        assert_refused(&load(&augmed, &[71, 72, 73]), &[said]);
    }
    assert_eq!(count(&augmed, "person").await, 2);
}

#[tokio::test]
async fn an_id_of_a_row_that_was_not_loaded_is_not_kept_because_others_may_take_it() {
    let augmed = Augmed::new().await;
    let care_site = |id: &str| format!("care_site_id,care_site_name\n{id},of {id}\n");
    let related = "domain_concept_id_1,fact_id_1,domain_concept_id_2,fact_id_2,relationship_concept_id\n57,9000000000,57,9000000000,0\n";
    let load = |name: &str, file: &str, content: &str, renumber: &[&str]| {
        let directory = augmed.directory(name, &[(file, content.as_bytes())]);
        augmed.run(&[&["load", "clinical", &directory], renumber].concat()).done()
    };
    let renumber = ["--renumber", "ids.csv"];

    let noted = load("facts", "fact_relationship.csv", related, &renumber);
    load("others", "care_site.csv", &care_site("1"), &[]);
    load("source", "care_site.csv", &care_site("9000000000"), &renumber);

    assert!(noted.stdout.contains("note: 1 rows of care_site are referred to, but not loaded"), "{noted:?}");
    let names = texts(&augmed, "SELECT care_site_name FROM care_site ORDER BY care_site_id").await;
    assert_eq!(names, ["of 1", "of 9000000000"].map(|name| Some(name.to_owned())));
}

#[tokio::test]
async fn a_new_file_is_private_and_a_replaced_one_keeps_its_permissions() {
    let augmed = Augmed::new().await;
    let mode = |file: &str| fs::metadata(augmed.path(file)).unwrap().permissions().mode() & 0o777;
    load(&augmed, &[71]).done();
    let new = mode("ids.csv");
    fs::set_permissions(augmed.path("ids.csv"), fs::Permissions::from_mode(0o640)).unwrap();
    fs::set_permissions(augmed.file("people.csv", ""), fs::Permissions::from_mode(0o600)).unwrap();

    load(&augmed, &[72]).done();
    augmed.run(&["export", "participants", "--output", "people.csv"]).done();

    assert_eq!((new, mode("ids.csv"), mode("people.csv")), (0o600, 0o640, 0o600));
}
