//! `augmed load` reports all errors instead of only the first one.

use serde_json::{Value, json};

use tests::augmed::Augmed;

const PERSON: &str =
    "person_id,gender_concept_id,year_of_birth,race_concept_id,ethnicity_concept_id,person_source_value\n";

/// Creates persons, many of them with the same error, and a visit of a missing person.
fn files(augmed: &Augmed) -> String {
    let rows: Vec<String> = (1..=292).map(|id| format!("{id},8507,x,0,0,\n")).collect();
    let rows = rows.concat();
    let visit = "visit_occurrence_id,person_id,visit_concept_id,visit_start_date,visit_end_date,visit_type_concept_id\n1,1,0,2025-03-03,2025-03-03,0\n2,999,0,2025-03-03,today,0\n";
    let person = format!("{PERSON}{rows}");
    let files: &[(&str, &[u8])] = &[("person.csv", person.as_bytes()), ("visit_occurrence.csv", visit.as_bytes())];
    augmed.directory("omop", files)
}

async fn augmed() -> Augmed {
    let augmed = Augmed::new().await;
    augmed.load_clinical_data().await;
    augmed
}

#[tokio::test]
async fn a_hundred_errors_of_a_table_are_listed_and_the_others_counted() {
    let augmed = augmed().await;
    for check in [&["--check"][..], &[]] {
        let files = files(&augmed);
        let arguments = [&["load", "clinical", &files][..], check].concat();

        let run = augmed.run(&arguments);

        assert_eq!((run.code, run.stderr.matches("person.csv: line ").count()), (Some(1), 100), "{run:?}");
        for said in [
            "person.csv: line 2, column year_of_birth: is not an integer",
            "person.csv: line 101, column year_of_birth: is not an integer",
            "person.csv: 192 more errors",
            // the patient of line 2 exists, although his row has an error
            "visit_occurrence.csv: line 3, column person_id: person has no such row",
            "visit_occurrence.csv: line 3, column visit_end_date: is not a date",
            "294 errors; nothing was loaded",
        ] {
            assert!(run.stderr.contains(said), "{said}: {run:?}");
        }
    }
}

#[tokio::test]
async fn errors_can_be_written_as_json_and_csv() {
    let augmed = augmed().await;

    let run = augmed.run(&["--json", "load", "clinical", &files(&augmed), "--errors", "errors.csv"]);
    augmed.run(&["load", "clinical", &files(&augmed), "--check", "--errors", "errors.json"]);

    let details = serde_json::from_str::<Value>(&run.stderr).unwrap()["error"]["details"].take();
    assert_eq!((&details["count"], &details["tables"][0]["more"]), (&json!(294), &json!(192)));
    let first = json!({"line": 2, "column": "year_of_birth", "problem": "is not an integer"});
    assert_eq!(details["tables"][0]["errors"][0], first);
    let csv = std::fs::read_to_string(augmed.path("errors.csv")).unwrap();
    assert_eq!(csv.lines().count(), 1 + 101 + 2, "{csv}");
    assert!(csv.contains("person.csv,2,year_of_birth,is not an integer\n"), "{csv}");
    let written: Value = serde_json::from_str(&std::fs::read_to_string(augmed.path("errors.json")).unwrap()).unwrap();
    assert_eq!(written, details["tables"]);
}

#[tokio::test]
async fn errors_of_all_kinds_are_in_file_order() {
    let augmed = augmed().await;
    let long = "x".repeat(51);
    let header = "visit_occurrence_id,person_id,visit_concept_id,visit_start_date,visit_end_date,visit_type_concept_id,visit_source_value";
    let rows = format!(
        "900,101,0,20250303,20250303,0,\n900,101,0,20250303,20250303,0,\n901,7,0,20250303,20250303,0,\n902,101,0\n,101,0,20250303,20250303,0,{long}\n"
    );
    let directory = augmed.directory("omop", &[("visit_occurrence.csv", format!("{header}\n{rows}").as_bytes())]);

    let run = augmed.run(&["load", "clinical", &directory]);

    let told: Vec<&str> =
        run.stderr.lines().filter_map(|line| line.split_once("visit_occurrence.csv: ")).map(|(_, told)| told).collect();
    assert_eq!(
        told,
        [
            "line 3, column visit_occurrence_id: an earlier row has this key",
            "line 4, column person_id: person has no such row",
            "line 5: has 3 cells, but the header 7",
            "line 6, column visit_occurrence_id: is required, but empty",
            "line 6, column visit_source_value: has more than 50 characters: 51",
        ]
    );
}

#[tokio::test]
async fn a_shard_of_a_vocabulary_is_loaded_if_missing_concepts_are_added() {
    let augmed = Augmed::new().await;
    let site = "care_site_id,place_of_service_concept_id\n1,8756\n";
    let related = "concept_id_1,concept_id_2,relationship_id,valid_start_date,valid_end_date,invalid_reason\n5,6,Maps to,19700101,20991231,\n";
    let vocabulary = augmed.directory("vocabulary", &[("CONCEPT_RELATIONSHIP.csv", related.as_bytes())]);
    let clinical = augmed.directory("omop", &[("care_site.csv", site.as_bytes())]);

    augmed.run(&["load", "vocabulary", &vocabulary, "--add-missing-concepts"]).done();
    let refused = augmed.run(&["load", "clinical", &clinical]);
    let loaded = augmed.run(&["--json", "load", "clinical", &clinical, "--add-missing-concepts"]).done().json();

    assert!(refused.code == Some(1) && refused.stderr.contains("--add-missing-concepts"), "{refused:?}");
    assert_eq!(loaded["tables"][0]["added_concepts"], json!(1));
}

#[tokio::test]
async fn truncate_cuts_texts_that_are_too_long() {
    let augmed = augmed().await;
    let person = format!("{PERSON}900,8507,1950,0,0,{}\n", "ü".repeat(60));
    let directory = augmed.directory("omop", &[("person.csv", person.as_bytes())]);

    let refused = augmed.run(&["load", "clinical", &directory]);
    let cut = augmed.run(&["load", "clinical", &directory, "--truncate"]).done();

    assert!(
        refused.stderr.contains("has more than 50 characters: 60") && refused.stderr.contains("--truncate"),
        "{refused:?}"
    );
    assert!(cut.stdout.contains("person.csv: 1 cells were too long, and were truncated"), "{cut:?}");
}
