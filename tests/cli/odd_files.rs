//! Odd files: each was once misread, lost a part without an error, or caused an error without a place.

use crate::field::{assert_refused, count};
use tests::augmed::Augmed;

#[tokio::test]
async fn a_file_in_another_format_is_refused_with_its_format() {
    let augmed = Augmed::new().await;
    let table = "person_id,gender_concept_id,year_of_birth,race_concept_id,ethnicity_concept_id\n900,0,1950,0,0\n";
    let wide: Vec<u8> = table.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (content, said) in [
        (table.replace(',', ";").into_bytes(), "line 1: the columns are separated by semicolons"),
        (table.replace(',', "|").into_bytes(), "line 1: the columns are separated by vertical bars"),
        ([b"\xff\xfe", &wide[..]].concat(), "line 1: the file is UTF-16 text; a spreadsheet saves it as \"CSV UTF-8\""),
        (wide.clone(), "line 1: the file is UTF-16 text"),
        (b"PK\x03\x04 a workbook\n".to_vec(), "line 1: the file is an Excel workbook"),
        (b"person_id,n\xe4me\n1,x\n".to_vec(), "line 1: not UTF-8 text; a spreadsheet saves it as"),
    ] {
        let directory = augmed.directory("omop", &[("person.csv", &content)]);

        assert_refused(&augmed.run(&["load", "clinical", &directory, "--check"]), &["person.csv: ", said]);
    }
}

#[tokio::test]
async fn text_after_a_closing_quote_is_refused_with_its_line() {
    let augmed = Augmed::new().await;
    augmed.load_clinical_data().await;
    let header = "person_id,gender_concept_id,year_of_birth,race_concept_id,ethnicity_concept_id,person_source_value\n";
    let rows = "900,0,1950,0,0,\"x \"\"y\"\"\"\n901,0,1950,0,0,\"x \\\"y\\\"\"\n902,0,1950,0,0,\"z\"\n";
    let directory = augmed.directory("omop", &[("person.csv", format!("{header}{rows}").as_bytes())]);
    let people = augmed.file("people.csv", "email,name\na@study.test,\"Ada \\\"A\\\" L\"\n");

    let loaded = augmed.run(&["load", "clinical", &directory]);
    let invited = augmed.run(&["users", "invite", "--file", &people]);

    assert_refused(&loaded, &["person.csv: line 3: text follows a closing quote", "1 error; nothing was loaded"]);
    assert_refused(&invited, &["people.csv: line 2: text follows a closing quote"]);
}

#[tokio::test]
async fn a_file_with_two_columns_of_addresses_is_refused() {
    let augmed = Augmed::new().await;
    for header in ["email,email", "email,name,Email"] {
        let row = header.replace("email", "a@study.test").replace("Email", "b@study.test");
        let file = augmed.file("people.csv", format!("{header}\n{row}\n"));

        assert_refused(&augmed.run(&["users", "invite", "--file", &file]), &["row 1: the columns email and "]);
    }
    assert_eq!(count(&augmed, "\"user\"").await, 0);
}

#[tokio::test]
async fn missing_and_repeated_parts_of_a_mapping_are_reported() {
    let augmed = Augmed::new().await;
    augmed.load_clinical_data().await;
    let wide = augmed.file("patients.csv", "AGE,GENDER,SEEN,SMOKER\n57,MALE,2025-03-03,daily\n");
    let load = |mapping: &str| {
        let mapping = augmed.file("mapping.csv", format!("{mapping}AGE,age,\nSEEN,visit_date,\n"));
        augmed.run(&["load", "clinical", &wide, "--mapping", &mapping, "--check"])
    };

    let loaded = load("column,target,values\nGENDER,gender,MALE=8507\n").done();
    let misnamed = load("column,target,value\nGENDER,gender,MALE=8507\n");
    let repeated = load("column,target,values\nGENDER,gender,MALE=8507;male=8532\n");

    assert!(loaded.stdout.contains("patients.csv: columns that the mapping does not contain: SMOKER"), "{loaded:?}");
    assert_refused(&misnamed, &["mapping.csv: row 1: the column value is not one of column, target"]);
    assert_refused(&repeated, &["mapping.csv: row 2: column values: male occurs twice"]);
}

#[tokio::test]
async fn an_error_in_a_wide_file_is_reported_with_its_line_and_column() {
    let augmed = Augmed::new().await;
    augmed.load_clinical_data().await;
    let mapping =
        "column,target,concept_id,label\nAGE,age,,\nID,person_source_value,,\nFH,observation,4167217,Diabetes\n";
    let mapping = augmed.file("mapping.csv", mapping);
    let (id, text) = ("i".repeat(51), "x".repeat(51));
    let wide = augmed.file("patients.csv", format!("AGE,ID,FH\n57,{id},yes\n57,1,{text}\n,2,no\n"));
    let arguments = ["load", "clinical", &wide, "--mapping", &mapping, "--visit-date", "2025-03-03", "--check"];

    let places = [
        "patients.csv: line 2, column ID: has more than 50 characters: 51",
        "patients.csv: line 3, column FH: has more than 60 characters: 61",
        "patients.csv: line 4, column AGE: is required, but empty",
    ];
    assert_refused(&augmed.run(&arguments), &places);
}
