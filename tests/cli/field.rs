//! Files as people have them. `fixtures/field` holds minimal ones after public bug reports, with invented data; each was taken for
//! something else before, or refused without its reason.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde_json::json;
use sqlx::Executor as _;

use crate::augmed::{Augmed, Run};

fn field(name: &str) -> String {
    format!("{}/fixtures/field/{name}", env!("CARGO_MANIFEST_DIR"))
}

pub async fn count(augmed: &Augmed, table: &str) -> i64 {
    sqlx::query_scalar(&format!("SELECT count(*) FROM {table}")).fetch_one(&augmed.db.pool).await.unwrap()
}

#[track_caller]
pub fn assert_refused(run: &Run, said: &[&str]) {
    assert_eq!(run.code, Some(1), "{run:?}");
    for said in said {
        assert!(run.stderr.contains(said), "{said}: {run:?}");
    }
}

#[tokio::test]
async fn every_date_that_could_mean_two_days_is_refused_with_its_place() {
    let augmed = Augmed::new().await;
    augmed.load_clinical_data().await;

    let run = augmed.run(&["load", "clinical", &field("D03"), "--check"]);

    let places = [
        "line 2, column visit_start_date: is not a date",
        "line 2, column visit_start_datetime: is not a date and time",
        "line 2, column visit_end_date: is not a date",
        "line 3, column visit_start_date",
        "line 3, column visit_end_date",
        "line 4, column visit_start_date",
        "line 4, column visit_end_date",
        "7 errors; nothing was loaded",
    ];
    assert_refused(&run, &places);
    assert!(!run.stderr.contains("infinity") && !run.stderr.contains("3/4/26"), "a value is told: {run:?}");
}

#[tokio::test]
async fn a_vocabulary_date_is_read_as_strictly() {
    let augmed = Augmed::new().await;
    for (date, is_right) in
        [("19700101", true), ("1970-01-01", true), ("1/1/70", false), ("now", false), ("700101", false)]
    {
        let row = format!("9\tx\tMetadata\tNone\tUndefined\t\tx\t{date}\t20991231\t\n");
        let header = "concept_id\tconcept_name\tdomain_id\tvocabulary_id\tconcept_class_id\tstandard_concept\tconcept_code\tvalid_start_date\tvalid_end_date\tinvalid_reason\n";
        let directory = augmed.directory("vocabulary", &[("CONCEPT.csv", format!("{header}{row}").as_bytes())]);

        let run = augmed.run(&["load", "vocabulary", &directory, "--check"]);

        assert_eq!(run.code == Some(0), is_right, "{date}: {run:?}");
        assert!(
            is_right || run.stderr.contains("CONCEPT.csv: line 2, column valid_start_date: is not a date"),
            "{run:?}"
        );
    }
}

#[tokio::test]
async fn since_is_a_date_of_iso_8601() {
    let augmed = Augmed::new().await;
    for text in ["3/4/26", "now", "2026-W10-1", "12026-03-03", "2026-03-01x10:00", "45719"] {
        let run = augmed.run(&["export", "answers", "--since", text]);

        assert!(run.code == Some(2) && run.stderr.contains("not a date or time of ISO 8601"), "{text}: {run:?}");
    }
    augmed.run(&["export", "answers", "--since", "2026-03-01T10:00:00+02:00"]).done();
}

#[tokio::test]
async fn a_bundle_before_cpt_sh_was_run_says_so() {
    let augmed = Augmed::new().await;

    let refused = augmed.run(&["load", "vocabulary", &field("D07")]);

    let said = [
        "CONCEPT_RELATIONSHIP.csv: line 2, column concept_id_2: concept has no such row",
        "CONCEPT_CPT4.csv",
        "cpt.sh",
    ];
    assert_refused(&refused, &said);
    let concepts = std::fs::read(field("D07/CONCEPT.csv")).unwrap();
    let cpt4 = std::fs::read(field("D07/CONCEPT_CPT4.csv")).unwrap();
    let files: &[(&str, &[u8])] = &[("CONCEPT.csv", &concepts), ("CONCEPT_CPT4.csv", &cpt4)];
    let noted = augmed.run(&["load", "vocabulary", &augmed.directory("athena", files)]).done();
    assert!(noted.stdout.contains("its concepts are not loaded: run Athena's cpt.sh"), "{noted:?}");
}

#[tokio::test]
async fn a_table_that_omop_gives_no_key_may_have_any_row() {
    let augmed = Augmed::new().await;
    for (added, all) in [(2, 2), (0, 2)] {
        let loaded = augmed.run(&["--json", "load", "vocabulary", &field("D08")]).done().json();

        assert_eq!(loaded["tables"][1]["added"], json!(added), "{loaded}");
        assert_eq!(count(&augmed, "source_to_concept_map").await, all);
    }
    let related = "domain_concept_id_1,fact_id_1,domain_concept_id_2,fact_id_2,relationship_concept_id\n0,1,0,2,1\n0,1,0,2,2\n0,1,0,2,2\n";
    let directory = augmed.directory("omop", &[("fact_relationship.csv", related.as_bytes())]);
    augmed.run(&["load", "clinical", &directory]).done();
    augmed.run(&["load", "clinical", &directory]).done();
    assert_eq!(count(&augmed, "fact_relationship").await, 3);
}

#[tokio::test]
async fn every_address_of_a_list_is_invited() {
    for (file, invited) in [("D09/11_list_commas.csv", 2), ("D11/participants_cr.csv", 1)] {
        let augmed = Augmed::new().await;

        let run = augmed.run(&["--json", "users", "invite", "--file", &field(file)]).done();

        assert_eq!(run.json().as_array().unwrap().len(), invited, "{run:?}");
        assert_eq!(count(&augmed, "\"user\"").await, i64::try_from(invited).unwrap());
    }
    let augmed = Augmed::new().await;
    let named = augmed.file("list.txt", "a@study.test, Ada\n");
    assert_refused(&augmed.run(&["users", "invite", "--file", &named]), &["row 1: column email"]);
    assert_eq!(count(&augmed, "\"user\"").await, 0);
}

#[tokio::test]
async fn empty_columns_and_rows_at_the_end_are_nothing() {
    let augmed = Augmed::new().await;
    augmed.load_clinical_data().await;
    let person = std::fs::read_to_string(field("D10/person.csv")).unwrap();
    let with_a_value = augmed.directory("odd", &[("person.csv", person.replace("0,0,,", "0,0,,x").as_bytes())]);

    let loaded = augmed.run(&["--json", "load", "clinical", &field("D10"), "--check"]).done().json();
    let odd = augmed.run(&["load", "clinical", &with_a_value]);

    assert_eq!((&loaded["tables"][0]["rows"], &loaded["tables"][0]["ignored_columns"]), (&json!(1), &json!([])));
    assert_refused(&odd, &["person.csv: line 2: has 7 cells, and the header 5"]);
}

#[tokio::test]
async fn lines_that_end_with_a_carriage_return_are_counted() {
    let augmed = Augmed::new().await;

    let run = augmed.run(&["load", "clinical", &field("D11")]);

    assert_refused(&run, &["person.csv: line 3, column year_of_birth: is not an integer"]);
}

#[tokio::test]
async fn a_quote_that_nothing_closes_is_told_with_its_line() {
    let augmed = Augmed::new().await;
    augmed.load_clinical_data().await;
    let header = "person_id,gender_concept_id,year_of_birth,race_concept_id,ethnicity_concept_id,person_source_value\n";
    let rows = "900,0,1950,0,0,\"x\n901,0,1950,0,0,y\n";
    let directory = augmed.directory("omop", &[("person.csv", format!("{header}{rows}").as_bytes())]);

    let run = augmed.run(&["load", "clinical", &directory]);

    assert_refused(&run, &["person.csv: line 2: a quote opens here that nothing closes"]);
}

#[tokio::test]
async fn a_key_that_no_index_holds_names_its_column() {
    let augmed = Augmed::new().await;
    augmed.load_clinical_data().await;
    // characters without a pattern, of three bytes each: nothing compresses them
    let long: String = (0..1000_u32).map(|at| char::from_u32(0x4e00 + at * 7919 % 20_000).unwrap()).collect();
    let text = format!("concept_id\tconcept_synonym_name\tlanguage_concept_id\n0\tshort\t0\n0\t{long}\t0\n");
    let directory = augmed.directory("vocabulary", &[("CONCEPT_SYNONYM.csv", text.as_bytes())]);

    let run = augmed.run(&["load", "vocabulary", &directory]);

    assert_refused(&run, &["line 3, column concept_synonym_name: is too long for the key: an index holds 2704 bytes"]);
}

#[tokio::test]
async fn columns_of_cdm_5_3_are_loaded_by_their_new_names() {
    let augmed = Augmed::new().await;
    augmed.load_clinical_data().await;
    let visit = "visit_occurrence_id,person_id,visit_concept_id,visit_start_date,visit_end_date,visit_type_concept_id,admitting_source_concept_id,discharge_to_source_value\n900,101,0,2025-03-03,2025-03-03,0,0,HOME\n";
    let directory = augmed.directory("omop", &[("visit_occurrence.csv", visit.as_bytes())]);

    let run = augmed.run(&["load", "clinical", &directory]).done();

    let note = "discharge_to_source_value was loaded as discharged_to_source_value, its name in OMOP CDM 5.4";
    assert!(run.stdout.contains(note), "{run:?}");
    assert_eq!(count(&augmed, "visit_occurrence WHERE discharged_to_source_value = 'HOME'").await, 1);
}

#[tokio::test]
async fn ids_beyond_32_bits_are_given_anew_the_same_in_every_file_and_run() {
    let augmed = Augmed::new().await;
    augmed.load_clinical_data().await;
    let person = "person_id,gender_concept_id,year_of_birth,race_concept_id,ethnicity_concept_id\n-6225647829918357531,0,1950,0,0\n";
    let visit = "visit_occurrence_id,person_id,visit_concept_id,visit_start_date,visit_end_date,visit_type_concept_id,preceding_visit_occurrence_id\n3589912774911670296,-6225647829918357531,0,2025-03-03,2025-03-03,0,3589912774911670297\n3589912774911670297,-6225647829918357531,0,2025-03-03,2025-03-03,0,\n";
    let related = "domain_concept_id_1,fact_id_1,domain_concept_id_2,fact_id_2,relationship_concept_id\n56,-6225647829918357531,8,3589912774911670297,0\n";
    let files: &[(&str, &[u8])] = &[
        ("person.csv", person.as_bytes()),
        ("visit_occurrence.csv", visit.as_bytes()),
        ("fact_relationship.csv", related.as_bytes()),
    ];
    let directory = augmed.directory("mimic", files);

    let refused = augmed.run(&["load", "clinical", &directory]);
    let mapping = augmed.path("ids.csv").into_os_string().into_string().unwrap();
    augmed.run(&["load", "clinical", &directory, "--renumber", &mapping, "--add-missing-concepts"]).done();
    let first = std::fs::read_to_string(&mapping).unwrap();
    let again = augmed
        .run(&["--json", "load", "clinical", &directory, "--renumber", &mapping, "--add-missing-concepts"])
        .done();

    assert_refused(&refused, &["the column takes -2147483648 to 2147483647", "--renumber FILE"]);
    assert_eq!(
        first.lines().collect::<Vec<_>>(),
        [
            "table,original,stored",
            "person,-6225647829918357531,105",
            "visit_occurrence,3589912774911670296,105",
            "visit_occurrence,3589912774911670297,106",
        ]
    );
    assert_eq!((std::fs::read_to_string(&mapping).unwrap(), &again.json()["tables"][0]["added"]), (first, &json!(0)));
    let related = "fact_relationship WHERE fact_id_1 = 105 AND fact_id_2 = 106";
    let visits =
        "visit_occurrence WHERE person_id = 105 AND visit_occurrence_id = 105 AND preceding_visit_occurrence_id = 106";
    assert_eq!((count(&augmed, related).await, count(&augmed, visits).await), (1, 1));
}

/// As zip writes it: a folder, and an entry for each file.
fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let mut crc = flate2::Crc::new();
        crc.update(content.as_bytes());
        let mut deflated = DeflateEncoder::new(Vec::new(), Compression::default());
        deflated.write_all(content.as_bytes()).unwrap();
        let deflated = deflated.finish().unwrap();
        let length = |length: usize| u32::try_from(length).unwrap().to_le_bytes();
        let name_length = u16::try_from(name.len()).unwrap().to_le_bytes();
        let common = [
            &[20, 0, 0, 0, 8, 0, 0, 0, 0x21, 0x50][..],
            &crc.sum().to_le_bytes(),
            &length(deflated.len()),
            &length(content.len()),
            &name_length,
            &[0, 0],
        ]
        .concat();
        let offset = length(archive.len());
        directory.extend([b"PK\x01\x02\x14\0", &common[..], &[0; 10], &offset, name.as_bytes()].concat());
        archive.extend([b"PK\x03\x04", &common[..], name.as_bytes(), &deflated].concat());
    }
    let entries = u16::try_from(files.len()).unwrap().to_le_bytes();
    let (size, offset) = (u32::try_from(directory.len()).unwrap(), u32::try_from(archive.len()).unwrap());
    let end =
        [b"PK\x05\x06\0\0\0\0", &entries[..], &entries, &size.to_le_bytes(), &offset.to_le_bytes(), &[0, 0]].concat();
    [archive, directory, end].concat()
}

#[tokio::test]
async fn an_archive_is_loaded_as_athena_delivers_it() {
    let augmed = Augmed::new().await;
    let concept = std::fs::read_to_string(field("D07/CONCEPT.csv")).unwrap();
    let archive =
        zip(&[("vocabulary_download/CONCEPT.csv", &concept), ("__MACOSX/._CONCEPT.csv", "x"), ("readme.pdf", "x")]);
    let file = augmed.file("vocabulary_download_v5.zip", &archive);
    let mut damaged = archive.clone();
    damaged[70] ^= 1;
    let damaged = augmed.file("damaged.zip", &damaged);

    let refused = augmed.run(&["load", "vocabulary", &damaged]);
    let loaded = augmed.run(&["--json", "load", "vocabulary", &file]).done().json();

    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert_eq!((&loaded["tables"][0]["file"], &loaded["tables"][0]["added"]), (&json!("CONCEPT.csv"), &json!(3)));
}

#[tokio::test]
async fn values_that_cannot_be_right_are_found() {
    let augmed = Augmed::with_study().await;
    let sane = augmed.run(&["doctor"]);
    augmed
        .db
        .pool
        .execute(
            "UPDATE visit_occurrence SET visit_start_date = 'infinity' WHERE visit_occurrence_id = 101;
             UPDATE visit_occurrence SET visit_start_date = '0044-03-15 BC' WHERE visit_occurrence_id = 102;
             UPDATE measurement SET value_as_number = 'NaN' WHERE visit_occurrence_id = 101;",
        )
        .await
        .unwrap();

    let doctor = augmed.run(&["doctor"]);
    let check = augmed.run(&["page-config", "check"]).done();
    let file =
        augmed.file("a.csv", "User,Case No.,Path\na@study.test,101,PHYSICAL EXAMINATION.Vital Signs.Vital signs\n");
    let case = augmed.run(&["case", "show", "--file", &file, "--row", "2"]).done();

    assert!(sane.stdout.contains("dates, ages and numbers are plausible"), "{sane:?}");
    for said in [doctor.stdout, check.stdout] {
        assert!(
            said.contains("visit_occurrence.visit_start_date") && said.contains("measurement.value_as_number"),
            "{said}"
        );
    }
    assert!(case.stdout.contains("Heart rate") && !case.stdout.contains("Age"), "{case:?}");
}

#[tokio::test]
async fn what_is_no_number_is_no_value() {
    let augmed = Augmed::with_study().await;
    let measured = std::fs::read_to_string(field("D14/measurement.csv")).unwrap();
    let measured = measured
        .replace("-7,-7", "101,101")
        .replace("8,8,", "102,102,")
        .replace("9,9,", "103,103,")
        .replace("infinity", "2025-03-03");
    let directory = augmed.directory("omop", &[("measurement.csv", measured.as_bytes())]);
    let file =
        augmed.file("a.csv", "User,Case No.,Path\na@study.test,101,PHYSICAL EXAMINATION.Vital Signs.Vital signs\n");

    let loaded = augmed.run(&["load", "clinical", &directory]).done();
    let case = augmed.run(&["case", "show", "--file", &file, "--row", "2"]).done();

    let note = "measurement.csv: 2 numbers are NaN or infinite, and were stored as NULL";
    assert!(loaded.stdout.contains(note), "{loaded:?}");
    assert!(!case.stdout.contains("NaN") && !case.stdout.to_lowercase().contains("infinity"), "{case:?}");
}

#[tokio::test]
async fn participants_of_prolific_are_invited_by_their_ids() {
    let augmed = Augmed::new().await;
    let ids: Vec<String> = (0..20).map(|number| format!("5f0000000000000000000{number:03}")).collect();
    let rows = ids.iter().map(|id| format!("sub,{id},APPROVED\n")).collect::<Vec<_>>().concat();
    let file = augmed
        .file("prolific.csv", format!("Submission id,Participant id,Status\n{rows}sub,CONSENT_REVOKED,RETURNED\n"));
    let invite = |seed: &str| {
        let run =
            augmed.run(&["--json", "users", "invite", "--prolific", &file, "--sample", "5", "--seed", seed]).done();
        run.json().as_array().unwrap().iter().map(|one| one["email"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };

    let (first, again, other) = (invite("a"), invite("a"), invite("b"));

    assert_eq!((first.len(), &first), (5, &again));
    assert_ne!(first, other);
    assert!(first.iter().all(|email| ids.iter().any(|id| *email == format!("{id}@email.prolific.com"))), "{first:?}");
    let bad = augmed.file("bad.csv", "Participant id\nhello world\n");
    assert_refused(&augmed.run(&["users", "invite", "--prolific", &bad]), &["row 2: column Participant id"]);
}

#[tokio::test]
async fn assignments_of_some_people_can_be_kept() {
    let augmed = Augmed::with_study().await;
    let rows = "User,Case No.,Path\na@study.test,101,BACKGROUND.Family History.Diabetes: No\nb@study.test,101,BACKGROUND.Family History.Diabetes: No\n";
    augmed.run(&["assignments", "upload", &augmed.file("all.csv", rows)]).done();

    let typo = augmed.run(&["assignments", "clear", "--yes", "--keep", &augmed.file("typo.csv", "a@study.tset\n")]);
    augmed.run(&["assignments", "clear", "--yes", "--keep", &augmed.file("keep.csv", "a@study.test\n")]).done();

    assert_refused(&typo, &["row 1: this address has no assignment; nothing was removed"]);
    assert_eq!(count(&augmed, "display_config WHERE user_email = 'a@study.test'").await, 1);
    assert_eq!(count(&augmed, "display_config").await, 1);
}

#[tokio::test]
async fn one_row_a_patient_is_loaded_by_a_mapping_of_its_columns() {
    let augmed = Augmed::new().await;
    augmed.load_clinical_data().await;
    let mapping = "column,target,concept_id,label,values\nAGE,age,,,\nGENDER,gender,,,MALE=8507;FEMALE=8532\nSEEN,visit_date,,,\nFH_DIAB,observation,4167217,Diabetes,YES=Yes;NO=No\nHR,measurement,4239408,,\n";
    let mapping = augmed.file("mapping.csv", mapping);
    let wide = augmed
        .file("patients.csv", "AGE,GENDER,SEEN,FH_DIAB,HR\n55-59,MALE,2025-03-03,YES,72.5\n40,female,20250304,,\n");
    let wrong =
        augmed.file("wrong.csv", "AGE,GENDER,SEEN,FH_DIAB,HR\n55-59,MALE,3/4/25,YES,72.5\n40,other,20250304,NO,fast\n");

    let refused = augmed.run(&["load", "clinical", &wrong, "--mapping", &mapping]);
    augmed.run(&["load", "clinical", &wide, "--mapping", &mapping]).done();

    let said = [
        "wrong.csv: line 2, column SEEN: is not a date",
        "wrong.csv: line 3, column GENDER: is not one of the mapping's values",
        "wrong.csv: line 3, column HR: is not a number",
    ];
    assert_refused(&refused, &said);
    assert_eq!(count(&augmed, "person WHERE person_id > 104 AND year_of_birth IN (1968, 1985)").await, 2);
    assert_eq!(count(&augmed, "observation WHERE person_id > 104 AND value_as_string = 'Diabetes: Yes'").await, 1);
    assert_eq!(count(&augmed, "measurement WHERE person_id > 104 AND value_as_number = 72.5").await, 1);
}
