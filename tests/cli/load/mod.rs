//! `augmed load`.

mod ids;
mod refusals;
mod runs;
mod wide;

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use tests::waiting::until;

use tests::augmed::{Augmed, Run};

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

/// Waits for a state of the program's connections.
async fn wait_for(augmed: &Augmed, what: &str, of: &str) {
    let query = format!(
        "SELECT {what} FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'augmed' AND {of}"
    );
    let is_so = async || sqlx::query_scalar::<_, bool>(&query).fetch_one(&augmed.db.pool).await.unwrap();
    until(Duration::from_mins(1), is_so).await;
}

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
async fn a_vocabulary_of_athena_is_loaded_unchanged() {
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
async fn clinical_files_may_have_many_formats() {
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

/// Compresses a text into two members, because gzip files may be concatenated.
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
async fn tab_separated_cells_are_unquoted_if_the_header_is_quoted_or_with_the_option() {
    let augmed = Augmed::new().await;
    let tabbed = PERSON.replace("Okafor, Ines", "Okafor; Ines").replace(',', "\t");
    let quoted = tabbed.replace("Year_of_Birth", "\"Year_of_Birth\"");

    let as_they_are = load(&augmed, &[("person.tsv", &tabbed)]);
    let by_header = load(&augmed, &[("person.tsv", &quoted)]);
    let directory = augmed.directory("omop", &[("person.tsv", tabbed.as_bytes())]);
    let by_option = augmed.run(&["load", "clinical", &directory, "--quoted"]);

    assert!(as_they_are.stderr.contains("person.tsv: line 2: has 6 cells, but the header 7"), "{as_they_are:?}");
    assert_eq!((by_header.code, by_option.code), (Some(0), Some(0)), "{by_header:?} {by_option:?}");
}
