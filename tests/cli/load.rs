//! `augmed load`.

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;
use tests::db::TestDb;

use crate::augmed::{Augmed, Run};

const CONCEPT: &str = "\
concept_id\tconcept_name\tdomain_id\tvocabulary_id\tconcept_class_id\tstandard_concept\tconcept_code\tvalid_start_date\tvalid_end_date\tinvalid_reason
0\tNo matching concept\tMetadata\tNone\tUndefined\t\tNo matching concept\t19700101\t20991231\t
4041306\t\"Smoker\" by the patient's own words, 5\" pipe\tObservation\tSNOMED\tObservable Entity\tS\t229819007\t20020131\t20991231\t
4167217\tFamily history\\of \"clinical\" finding\tObservation\tSNOMED\tContext-dependent\tS\t416471007\t20020131\t20991231\tU
";
const PERSON: &str = "\
Year_of_Birth,PERSON_ID,gender_concept_id,race_concept_id,ethnicity_concept_id,person_source_value,weight
1951,101,8507,0,0,\"Okafor, Ines
of the \"\"north\"\" wing\",70
1952,102,8532,0,0,,
";
const VISIT: &str = "\
visit_occurrence_id,person_id,visit_concept_id,visit_start_date,visit_end_date,visit_type_concept_id,preceding_visit_occurrence_id
1,101,9202,2025-03-03,20250303,0,2
2,101,9202,2025-03-01,2025-03-01,0,
";

fn load(augmed: &Augmed, files: &[(&str, &str)]) -> Run {
    let files: Vec<_> = files.iter().map(|(name, content)| (*name, content.as_bytes())).collect();
    augmed.run(&["--json", "load", "clinical", &augmed.directory("omop", &files)])
}

async fn count(augmed: &Augmed, table: &str) -> i64 {
    sqlx::query_scalar(&format!("SELECT count(*) FROM {table}")).fetch_one(&augmed.db.pool).await.unwrap()
}

async fn texts(augmed: &Augmed, query: &str) -> Vec<Option<String>> {
    sqlx::query_scalar(query).fetch_all(&augmed.db.pool).await.unwrap()
}

#[tokio::test]
async fn a_vocabulary_is_loaded_as_athena_delivers_it() {
    let augmed = Augmed::new().await;
    let relationship = "relationship_id\trelationship_name\tis_hierarchical\tdefines_ancestry\treverse_relationship_id\trelationship_concept_id\nIs a\tIs a\t1\t1\tSubsumes\t0\n";
    let related = "concept_id_1\tconcept_id_2\trelationship_id\tvalid_start_date\tvalid_end_date\tinvalid_reason\n4041306\t4167217\tIs a\t20020131\t20991231\t\n";
    let files: &[(&str, &[u8])] = &[
        ("CONCEPT.csv", CONCEPT.as_bytes()),
        ("CONCEPT_CPT4.csv", b"x"),
        ("CONCEPT_RELATIONSHIP.csv", related.as_bytes()),
        ("RELATIONSHIP.csv", relationship.as_bytes()),
        ("person.csv", b"x"),
        ("readme.txt.bak", b"x"),
    ];

    let loaded = augmed.run(&["--json", "load", "vocabulary", &augmed.directory("athena", files)]).done().json();

    assert_eq!((&loaded["is_stored"], &loaded["tables"][0]["added"]), (&json!(true), &json!(3)));
    let skipped = json!([
        {"file": "CONCEPT_CPT4.csv", "reason": "the schema has no such table"},
        {"file": "person.csv", "reason": "augmed load clinical loads it"},
    ]);
    assert_eq!(loaded["skipped"], skipped);
    let names = texts(&augmed, "SELECT concept_name FROM concept WHERE concept_id > 0 ORDER BY concept_id").await;
    let expected = ["\"Smoker\" by the patient's own words, 5\" pipe", "Family history\\of \"clinical\" finding"];
    assert_eq!(names, expected.map(|name| Some(name.to_owned())));
    assert_eq!(count(&augmed, "concept_relationship").await, 1);
    assert_eq!(augmed.audited().await, [("cli".to_owned(), "data.load".to_owned())]);
}

#[tokio::test]
async fn clinical_files_may_be_written_in_many_ways() {
    for rewritten in [
        |text: &str| text.as_bytes().to_vec(),
        |text: &str| format!("\u{feff}{text}").into_bytes(),
        |text: &str| text.replace('\n', "\r\n").into_bytes(),
        |text: &str| text.trim_end().as_bytes().to_vec(),
        gzip,
    ] {
        let augmed = Augmed::new().await;
        let person = rewritten(PERSON);
        let files: &[(&str, &[u8])] = &[("Person.CSV", &person), ("visit_occurrence.csv", VISIT.as_bytes())];

        let loaded = augmed.run(&["--json", "load", "clinical", &augmed.directory("omop", files)]).done().json();

        assert_eq!(loaded["tables"][0]["ignored_columns"], json!(["weight"]));
        let names = texts(&augmed, "SELECT person_source_value FROM person ORDER BY year_of_birth").await;
        let first = names[0].as_deref().unwrap().replace('\r', "");
        assert_eq!((&*first, &names[1]), ("Okafor, Ines\nof the \"north\" wing", &None));
        assert_eq!(count(&augmed, "visit_occurrence WHERE visit_end_date = visit_start_date").await, 2);
    }
}

/// Two members: gzip files may be put one behind the other.
fn gzip(text: &str) -> Vec<u8> {
    let (head, tail) = text.split_at(text.len() / 2);
    let member = |part: &str| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(part.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    [member(head), member(tail)].concat()
}

#[tokio::test]
async fn tab_separated_cells_are_unquoted_where_the_header_or_the_option_says_so() {
    let augmed = Augmed::new().await;
    let tabbed = PERSON.replace("Okafor, Ines", "Okafor; Ines").replace(',', "\t");
    let quoted = tabbed.replace("Year_of_Birth", "\"Year_of_Birth\"");

    let as_they_are = load(&augmed, &[("person.tsv", &tabbed)]);
    let by_header = load(&augmed, &[("person.tsv", &quoted)]);
    let directory = augmed.directory("omop", &[("person.tsv", tabbed.as_bytes())]);
    let by_option = augmed.run(&["load", "clinical", &directory, "--quoted"]);

    assert!(as_they_are.stderr.contains("person.tsv: line 2: has 6 cells, and the header 7"), "{as_they_are:?}");
    assert_eq!((by_header.code, by_option.code), (Some(0), Some(0)), "{by_header:?} {by_option:?}");
}

#[tokio::test]
async fn what_is_wrong_is_told_with_file_line_and_column_and_nothing_is_loaded() {
    let augmed = Augmed::new().await;
    let long = "x".repeat(51);
    let with = |row: &str| format!("{PERSON}{row}\n");
    for (person, visit, said) in [
        (with("nineteen,103,0,0,0,,"), VISIT, "person.csv: line 5, column year_of_birth: is not an integer"),
        (with("nineteen,103,0,0,0,,\n1954,104"), VISIT, "line 5, column year_of_birth: is not an integer"),
        (with("99999999999,103,0,0,0,,"), VISIT, "line 5, column year_of_birth: the number is too large"),
        (with(&format!("1953,103,0,0,0,{long},")), VISIT, "column person_source_value: has more than 50 characters"),
        (with("1953,,0,0,0,,"), VISIT, "line 5, column person_id: is empty, and has to be there"),
        (with("1953,102,0,0,0,,"), VISIT, "line 5, column person_id: an earlier row has this key"),
        (with("1953,103,0,0,0,"), VISIT, "line 5: has 6 cells, and the header 7"),
        (with("1953,103,0,0,0,a\0b,"), VISIT, "line 5, column person_source_value: has a NUL"),
        (PERSON.replace("race_concept_id", "race"), VISIT, "line 1: required columns are missing: race_concept_id"),
        (PERSON.replace("weight", "person_id"), VISIT, "line 1: the column person_id is there twice"),
        (String::new(), VISIT, "person.csv: is empty: the names of the columns are missing"),
        (PERSON.to_owned(), &VISIT.replace("2025-03-01,0", "03/01/2025,0"), "line 3, column visit_end_date: "),
        (
            PERSON.to_owned(),
            &VISIT.replace("2025-03-01,0", "2025-02-30,0"),
            "visit_end_date: is not a date (2026-01-31 or 20260131)",
        ),
        (PERSON.to_owned(), &VISIT.replace("2,101", "2,109"), "line 3, column person_id: person has no such row"),
        (PERSON.to_owned(), &VISIT.replace("0,2", "0,7"), "line 2, column preceding_visit_occurrence_id: "),
    ] {
        let run = load(&augmed, &[("person.csv", &person), ("visit_occurrence.csv", visit)]);

        assert!(run.code == Some(1) && run.stderr.contains(said), "{said}: {run:?}");
        assert!(!run.stderr.contains("nineteen") && !run.stderr.contains("Okafor"), "a value is told: {run:?}");
        assert_eq!((count(&augmed, "person").await, count(&augmed, "visit_occurrence").await), (0, 0), "{said}");
    }
    assert!(augmed.audited().await.is_empty());
}

#[tokio::test]
async fn lines_are_counted_as_an_editor_does() {
    let augmed = Augmed::new().await;
    let bad = format!("{PERSON}\n\nnineteen,103,0,0,0,,\n");
    for text in [bad.clone(), bad.replace('\n', "\r\n")] {
        let run = load(&augmed, &[("person.csv", &text)]);

        assert!(run.stderr.contains("person.csv: line 7, column year_of_birth"), "{run:?}");
    }
}

#[tokio::test]
async fn a_concept_that_is_not_there_asks_for_the_vocabulary() {
    let augmed = Augmed::new().await;

    let run = load(&augmed, &[("care_site.csv", "care_site_id,place_of_service_concept_id\n1,8756\n")]);

    assert!(run.stderr.contains("line 2, column place_of_service_concept_id: concept has no such row"), "{run:?}");
    assert!(run.stderr.contains("augmed load vocabulary DIR first"), "{run:?}");
}

#[tokio::test]
async fn text_that_is_not_utf_8_is_told_with_its_place() {
    let augmed = Augmed::new().await;
    let latin_1 = [PERSON.as_bytes(), b"1953,103,0,0,0,M\xfcller,\n"].concat();

    let run = augmed.run(&["load", "clinical", &augmed.directory("omop", &[("person.csv", &latin_1)])]);

    assert!(run.stderr.contains("line 5, column person_source_value: not UTF-8 text"), "{run:?}");
    assert_eq!(count(&augmed, "person").await, 0);
}

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
async fn a_check_leaves_the_database_as_it_was() {
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
async fn an_interrupted_run_leaves_nothing() {
    let augmed = Augmed::new().await;
    sqlx::query("INSERT INTO care_site (care_site_id) VALUES (1)").execute(&augmed.db.pool).await.unwrap();
    let visits = VISIT.replace("preceding_visit_occurrence_id", "care_site_id").replace("0,2", "0,1");
    let files: &[(&str, &[u8])] = &[("person.csv", PERSON.as_bytes()), ("visit_occurrence.csv", visits.as_bytes())];
    let directory = augmed.directory("omop", files);
    // the visits wait for their care site, with all patients loaded
    let mut held = augmed.db.pool.begin().await.unwrap();
    sqlx::query("SELECT FROM care_site FOR UPDATE").execute(&mut *held).await.unwrap();
    let mut run = augmed.command(&["load", "clinical", &directory]).spawn().unwrap();
    wait_for(&augmed, "count(*) = 1", "wait_event_type = 'Lock'").await;

    // as Ctrl-C does, which is ignored below a shell that runs the tests in the background
    kill(Pid::from_raw(run.id().try_into().unwrap()), Signal::SIGTERM).unwrap();

    assert_eq!(run.wait().unwrap().code(), None);
    held.rollback().await.unwrap();
    wait_for(&augmed, "count(*) = 0", "true").await;
    assert_eq!((count(&augmed, "person").await, count(&augmed, "visit_occurrence").await), (0, 0));
}

/// Until this is so of the program's connections.
async fn wait_for(augmed: &Augmed, what: &str, of: &str) {
    let query = format!(
        "SELECT {what} FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'augmed' AND {of}"
    );
    let is_so = async || sqlx::query_scalar::<_, bool>(&query).fetch_one(&augmed.db.pool).await.unwrap();
    let waiting = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap();
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
async fn what_cannot_be_loaded_says_why() {
    let augmed = Augmed::new().await;
    let empty = augmed.directory("empty", &[("notes.md", b"x")]);
    let twice = augmed.directory("twice", &[("PERSON.csv", b"x"), ("person.tsv.gz", b"x")]);
    for (directory, said) in [
        (&*empty, "no file is named after a table"),
        (&*twice, "PERSON.csv, person.tsv.gz are all named after the table person"),
        ("nowhere", "nowhere: No such file or directory"),
    ] {
        let run = augmed.run(&["load", "clinical", directory]);

        assert!(run.code == Some(1) && run.stderr.contains(said), "{run:?}");
    }
    let without_schema = Augmed::over(TestDb::empty().await);
    let directory = without_schema.directory("omop", &[("person.csv", PERSON.as_bytes())]);
    assert!(without_schema.run(&["load", "clinical", &directory]).stderr.contains("augmed migrate up"));
}
