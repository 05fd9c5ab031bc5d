use std::process::Stdio;

use tests::db::TestDb;

use super::{PERSON, VISIT, count, load};
use tests::augmed::Augmed;

#[tokio::test]
async fn errors_are_reported_with_file_line_and_column_and_nothing_is_loaded() {
    let augmed = Augmed::new().await;
    let long = "x".repeat(51);
    let with = |row: &str| format!("{PERSON}{row}\n");
    for (person, visit, said) in [
        (with("nineteen,103,0,0,0,,"), VISIT, "person.csv: line 5, column year_of_birth: is not an integer"),
        (with("nineteen,103,0,0,0,,\n1954,104"), VISIT, "line 5, column year_of_birth: is not an integer"),
        (with("99999999999,103,0,0,0,,"), VISIT, "line 5, column year_of_birth: the number is too large"),
        (with(&format!("1953,103,0,0,0,{long},")), VISIT, "column person_source_value: has more than 50 characters"),
        (with("1953,,0,0,0,,"), VISIT, "line 5, column person_id: is required, but empty"),
        (with("1953,102,0,0,0,,"), VISIT, "line 5, column person_id: an earlier row has this key"),
        (with("1953,103,0,0,0,"), VISIT, "line 5: has 6 cells, but the header 7"),
        (with("1953,103,0,0,0,a\0b,"), VISIT, "line 5, column person_source_value: has a NUL"),
        (PERSON.replace("race_concept_id", "race"), VISIT, "line 1: required columns are missing: race_concept_id"),
        (PERSON.replace("weight", "person_id"), VISIT, "line 1: the column person_id occurs twice"),
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
        assert!(!run.stderr.contains("nineteen") && !run.stderr.contains("Okafor"), "a value is shown: {run:?}");
        assert_eq!((count(&augmed, "person").await, count(&augmed, "visit_occurrence").await), (0, 0), "{said}");
    }
    assert!(augmed.audited().await.is_empty());
}

#[tokio::test]
async fn lines_are_counted_like_in_an_editor() {
    let augmed = Augmed::new().await;
    let bad = format!("{PERSON}\n\nnineteen,103,0,0,0,,\n");
    for text in [bad.clone(), bad.replace('\n', "\r\n")] {
        let run = load(&augmed, &[("person.csv", &text)]);

        assert!(run.stderr.contains("person.csv: line 7, column year_of_birth"), "{run:?}");
    }
}

#[tokio::test]
async fn a_missing_concept_is_refused_with_the_vocabulary_as_a_remedy() {
    let augmed = Augmed::new().await;

    let run = load(&augmed, &[("care_site.csv", "care_site_id,place_of_service_concept_id\n1,8756\n")]);

    assert!(run.stderr.contains("line 2, column place_of_service_concept_id: concept has no such row"), "{run:?}");
    assert!(run.stderr.contains("augmed load vocabulary DIR first"), "{run:?}");
}

#[tokio::test]
async fn text_that_is_not_utf_8_is_reported_with_its_place() {
    let augmed = Augmed::new().await;
    let latin_1 = [PERSON.as_bytes(), b"1953,103,0,0,0,M\xfcller,\n"].concat();

    let run = augmed.run(&["load", "clinical", &augmed.directory("omop", &[("person.csv", &latin_1)])]);

    assert!(run.stderr.contains("line 5, column person_source_value: not UTF-8 text"), "{run:?}");
    assert_eq!(count(&augmed, "person").await, 0);
}

#[tokio::test]
async fn an_unusable_directory_is_refused_with_the_reason() {
    let augmed = Augmed::new().await;
    let empty = augmed.directory("empty", &[("notes.md", b"x")]);
    let twice = augmed.directory("twice", &[("PERSON.csv", b"x"), ("person.tsv.gz", b"x")]);
    for (directory, said) in [
        (&*empty, "no file is named after a table"),
        (&*twice, "PERSON.csv, person.tsv.gz are all files of the table person"),
        ("nowhere", "nowhere: No such file or directory"),
    ] {
        let run = augmed.run(&["load", "clinical", directory]);

        assert!(run.code == Some(1) && run.stderr.contains(said), "{run:?}");
    }
    let without_schema = Augmed::over(TestDb::empty().await);
    let directory = without_schema.directory("omop", &[("person.csv", PERSON.as_bytes())]);
    assert!(without_schema.run(&["load", "clinical", &directory]).stderr.contains("augmed migrate up"));
}

#[tokio::test]
async fn errors_and_ids_do_not_go_to_standard_output_whose_reader_may_leave() {
    let augmed = Augmed::new().await;
    let directory = augmed.directory("omop", &[("person.csv", PERSON.as_bytes())]);
    for option in ["--errors", "--renumber"] {
        let mut run = augmed.command(&["load", "clinical", &directory, option, "-"]);
        let mut run = run.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        drop(run.stdout.take());

        assert_eq!((run.wait().unwrap().code(), count(&augmed, "person").await), (Some(2), 0), "{option}");
    }
}

#[tokio::test]
async fn a_quote_that_nothing_closes_is_found_before_the_file_is_in_memory() {
    let augmed = Augmed::new().await;
    let row = format!("1953,103,0,0,0,{},\n", "x".repeat(40));
    let person = [PERSON, "1953,102,0,0,0,\"x,\n", &row.repeat((17 << 20) / row.len())].concat();

    let run = load(&augmed, &[("person.csv", &person)]);

    let said = "person.csv: line 5: a cell that begins here has more than 16 MB";
    assert!(run.code == Some(1) && run.stderr.contains(said), "{run:?}");
}

#[tokio::test]
async fn a_table_in_another_format_is_listed_as_skipped() {
    let augmed = Augmed::new().await;
    let files: &[(&str, &[u8])] = &[("MEASUREMENT.parquet", b"x"), ("2b_concept.csv.bz2", b"x"), ("notes.md", b"x")];
    let directory = augmed.directory("omop", files);

    let refused = augmed.run(&["load", "clinical", &directory]);
    augmed.directory("omop", &[("person.csv", PERSON.as_bytes())]);
    let loaded = augmed.run(&["--json", "load", "clinical", &directory]).done().json();

    let names: Vec<_> = loaded["skipped"].as_array().unwrap().iter().map(|skipped| skipped["file"].clone()).collect();
    assert_eq!(names, ["2b_concept.csv.bz2", "MEASUREMENT.parquet"]);
    assert_eq!(loaded["skipped"][1]["reason"], "is not .csv, .tsv or .txt, plain or .gz");
    let said = "MEASUREMENT.parquet: is not .csv, .tsv or .txt";
    assert!(refused.code == Some(1) && refused.stderr.contains(said), "{refused:?}");
}
