use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use super::{PERSON, VISIT, count, load, texts, wait_for};
use tests::augmed::Augmed;

#[tokio::test]
async fn a_second_run_adds_and_replaces_and_removes_nothing() {
    let augmed = Augmed::new().await;
    load(&augmed, &[("person.csv", PERSON), ("visit_occurrence.csv", VISIT)]).done();
    let changed = "person_id,year_of_birth,gender_concept_id,race_concept_id,ethnicity_concept_id\n102,1952,8532,0,0\n101,1960,8507,0,0\n103,1953,0,0,0\n";

    let again = load(&augmed, &[("person.csv", PERSON), ("visit_occurrence.csv", VISIT)]).done().json();
    let other = load(&augmed, &[("person.csv", changed)]).done().json();

    let of_person = |json: &serde_json::Value| json!([json["tables"][0]["added"], json["tables"][0]["replaced"]]);
    assert_eq!((of_person(&again), of_person(&other)), (json!([0, 0]), json!([1, 1])));
    let now = texts(
        &augmed,
        "SELECT concat_ws(' ', person_id, year_of_birth, person_source_value) FROM person ORDER BY person_id",
    )
    .await;
    assert_eq!(now, ["101 1960", "102 1952", "103 1953"].map(|row| Some(row.to_owned())));
    let duplicate = load(&augmed, &[("person.csv", &format!("{changed}103,1954,0,0,0\n"))]);
    assert!(duplicate.stderr.contains("line 5, column person_id: an earlier row has this key"), "{duplicate:?}");
    assert_eq!(count(&augmed, "visit_occurrence").await, 2);
}

#[tokio::test]
async fn a_check_does_not_change_the_database() {
    let augmed = Augmed::new().await;
    let directory =
        augmed.directory("omop", &[("person.csv", PERSON.as_bytes()), ("visit_occurrence.csv", VISIT.as_bytes())]);

    let check = augmed.run(&["load", "clinical", &directory, "--check"]).done();

    assert!(check.stdout.ends_with("4 rows of 2 tables can be loaded; nothing was changed\n"), "{check:?}");
    assert_eq!((count(&augmed, "person").await, augmed.audited().await.len()), (0, 0));
    augmed.directory("omop", &[("visit_occurrence.csv", VISIT.replace("2,101", "2,109").as_bytes())]);
    let wrong = augmed.run(&["load", "clinical", &directory, "--check"]);
    assert!(wrong.code == Some(1) && wrong.stderr.contains("person has no such row"), "{wrong:?}");
}

#[tokio::test]
async fn an_interrupted_run_stores_nothing() {
    let augmed = Augmed::new().await;
    sqlx::query("INSERT INTO care_site (care_site_id) VALUES (1)").execute(&augmed.db.pool).await.unwrap();
    let visits = VISIT.replace("preceding_visit_occurrence_id", "care_site_id").replace("0,2", "0,1");
    let files: &[(&str, &[u8])] = &[("person.csv", PERSON.as_bytes()), ("visit_occurrence.csv", visits.as_bytes())];
    let directory = augmed.directory("omop", files);
    // the load blocks on a care site after all patients are loaded
    let mut held = augmed.db.pool.begin().await.unwrap();
    sqlx::query("SELECT FROM care_site FOR UPDATE").execute(&mut *held).await.unwrap();
    let mut run = augmed.command(&["load", "clinical", &directory]).spawn().unwrap();
    wait_for(&augmed, "count(*) = 1", "wait_event_type = 'Lock'").await;

    // SIGTERM instead of SIGINT, which is ignored if a shell runs the tests in the background
    kill(Pid::from_raw(run.id().try_into().unwrap()), Signal::SIGTERM).unwrap();

    assert_eq!(run.wait().unwrap().code(), None);
    held.rollback().await.unwrap();
    wait_for(&augmed, "count(*) = 0", "true").await;
    assert_eq!((count(&augmed, "person").await, count(&augmed, "visit_occurrence").await), (0, 0));
}

#[tokio::test]
async fn tables_are_loaded_after_those_that_they_refer_to() {
    let augmed = Augmed::new().await;
    let headers: Vec<(String, String)> = sqlx::query_as(
        "SELECT table_name, string_agg(column_name, ',') FROM information_schema.columns WHERE table_schema = 'public' GROUP BY 1",
    )
    .fetch_all(&augmed.db.pool)
    .await
    .unwrap();
    let headers: Vec<_> =
        headers.iter().map(|(table, header)| (format!("{table}.csv"), format!("{header}\n"))).collect();
    let files: Vec<(&str, &[u8])> = headers.iter().map(|(name, header)| (&**name, header.as_bytes())).collect();
    let directory = augmed.directory("omop", &files);

    let mut order = Vec::new();
    for kind in ["vocabulary", "clinical"] {
        let loaded = augmed.run(&["--json", "load", kind, &directory, "--check"]).done().json();
        let tables = loaded["tables"].as_array().unwrap().iter().map(|one| one["table"].as_str().unwrap().to_owned());
        order.extend(tables);
    }

    let references: Vec<(String, String)> = sqlx::query_as(
        "SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint WHERE contype = 'f' AND conrelid <> confrelid",
    )
    .fetch_all(&augmed.db.pool)
    .await
    .unwrap();
    let place = |table: &str| order.iter().position(|one| one == table);
    for (from, to) in references.iter().filter(|(from, _)| !["answer", "exposure", "rl_run"].contains(&from.as_str())) {
        assert!(place(from) > place(to) && place(to).is_some(), "{from} before {to}: {order:?}");
    }
    assert_eq!(order.len(), 28);
}

#[tokio::test]
async fn a_load_may_do_nothing_in_its_transaction_for_longer_than_a_request() {
    let augmed = Augmed::new().await;
    // a trigger runs in the transaction of the load, and sees its settings
    let notes = "CREATE TABLE seen (setting text);
        CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO seen VALUES (current_setting('idle_in_transaction_session_timeout')); RETURN NULL; END $$;
        CREATE TRIGGER note AFTER INSERT ON person FOR EACH STATEMENT EXECUTE FUNCTION note()";
    sqlx::raw_sql(notes).execute(&augmed.db.pool).await.unwrap();

    load(&augmed, &[("person.csv", PERSON)]).done();

    assert_eq!(texts(&augmed, "SELECT setting FROM seen").await, [Some("0".to_owned())]);
}
