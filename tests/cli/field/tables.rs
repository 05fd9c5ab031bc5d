use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde_json::json;
use sqlx::Executor as _;

use super::{assert_refused, count, field};
use tests::augmed::Augmed;

#[tokio::test]
async fn a_bundle_without_a_run_of_cpt_sh_is_refused_with_the_remedy() {
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
async fn a_table_without_a_key_in_omop_may_have_equal_rows() {
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
async fn a_key_that_is_too_long_for_an_index_is_reported_with_its_column() {
    let augmed = Augmed::new().await;
    augmed.load_clinical_data().await;
    // random characters of three bytes each, which cannot be compressed
    let long: String = (0..1000_u32).map(|at| char::from_u32(0x4e00 + at * 7919 % 20_000).unwrap()).collect();
    let text = format!("concept_id\tconcept_synonym_name\tlanguage_concept_id\n0\tshort\t0\n0\t{long}\t0\n");
    let directory = augmed.directory("vocabulary", &[("CONCEPT_SYNONYM.csv", text.as_bytes())]);

    let run = augmed.run(&["load", "vocabulary", &directory]);

    assert_refused(&run, &["line 3, column concept_synonym_name: is too long for the key: an index holds 2704 bytes"]);
}

#[tokio::test]
async fn columns_of_cdm_5_3_are_loaded_under_their_new_names() {
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
async fn ids_beyond_32_bits_are_renumbered_consistently_in_all_files_and_runs() {
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

    assert_refused(&refused, &["the column accepts -2147483648 to 2147483647", "--renumber FILE"]);
    let (load, ids): (Vec<&str>, Vec<&str>) = first.lines().partition(|line| line.starts_with("load,"));
    assert_eq!(
        (load.len(), &ids[..]),
        (
            1,
            &[
                "table,original,stored",
                "person,-6225647829918357531,105",
                "visit_occurrence,3589912774911670296,105",
                "visit_occurrence,3589912774911670297,106",
            ][..]
        )
    );
    assert_eq!((std::fs::read_to_string(&mapping).unwrap(), &again.json()["tables"][0]["added"]), (first, &json!(0)));
    let related = "fact_relationship WHERE fact_id_1 = 105 AND fact_id_2 = 106";
    let visits =
        "visit_occurrence WHERE person_id = 105 AND visit_occurrence_id = 105 AND preceding_visit_occurrence_id = 106";
    assert_eq!((count(&augmed, related).await, count(&augmed, visits).await), (1, 1));
}

/// Returns an archive as zip writes it: a folder, and an entry for each file.
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
async fn an_archive_of_athena_is_loaded_without_unpacking() {
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
async fn implausible_values_are_found() {
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
async fn nan_and_infinite_numbers_are_no_values() {
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
async fn a_file_with_one_row_per_patient_is_loaded_with_a_mapping() {
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
