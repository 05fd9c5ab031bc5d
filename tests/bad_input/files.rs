use admin_config::config_file::ConfigFile;
use http::{Request, header};
use proptest::prelude::*;
use tests::app::API_KEY;
use tests::form;
use tests::service::Service;

use crate::check;
use crate::json::{garbled, text};

const FILE: &str = "User,Case No.,Path,Collapse,Highlight,Top,Experiment,Arm,Policy\n\
    alice@contract.test,1,BACKGROUND.Occupation.Nurse,TRUE,false,1,e,a,p\n\
    alice@contract.test,1,\"BACKGROUND.Family History.Cancer: Yes\",,,2.5,,,\n\
    bob@contract.test,2,RISK ASSESSMENT.Colorectal Cancer Score: 7,,TRUE,,,,\n";
const COLUMNS: &[&str] =
    &["User", "Case No.", "Path", "Collapse", "Highlight", "Top", "Experiment", "Arm", "Policy", "Run", "Assignment"];
const CELLS: &[&str] = &[
    "alice@contract.test",
    "bob@contract.test",
    "1",
    "2",
    "-1",
    "2147483648",
    "1e3",
    "TRUE",
    "false",
    "",
    " ",
    "\"",
    "NaN",
    "inf",
    "-0.0",
    "1e308",
    "1e-400",
    "BACKGROUND.A.B",
    ".",
    "A..B",
    "😀",
    "é",
    "\u{feff}",
];

/// Generates a table with some columns, and rows of any cells.
fn table() -> impl Strategy<Value = Vec<u8>> {
    let cell = prop_oneof![4 => proptest::sample::select(CELLS).prop_map(str::to_owned), 1 => text()];
    let rows = proptest::collection::vec(proptest::collection::vec(cell, 0..13), 0..8);
    (proptest::sample::subsequence(COLUMNS, 4..=11).prop_shuffle(), rows).prop_map(|(columns, rows)| {
        let mut file = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
        file.write_record(&columns).unwrap();
        rows.iter().for_each(|row| file.write_record(row).unwrap());
        file.into_inner().unwrap()
    })
}

fn file() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![2 => garbled(FILE.as_bytes().to_vec()), 2 => table(), 1 => proptest::collection::vec(any::<u8>(), 0..300)]
}

/// A parsed file can be serialized, and each of its assignments has an id.
#[test]
fn every_file_is_parsed_or_refused() {
    check(file(), |file| {
        for read in [ConfigFile::parse(&file), ConfigFile::parse_for_command(&file)].into_iter().flatten() {
            let ids: std::collections::BTreeSet<_> = read.assignments.iter().map(|assignment| &assignment.id).collect();
            prop_assert_eq!(ids.len(), read.assignments.len());
        }
        Ok(())
    });
}

/// Generates a route with an upload, and a form for it.
pub fn forms() -> impl Strategy<Value = (&'static str, Vec<u8>)> {
    let forms = prop_oneof![file().prop_map(form::with_file), garbled(form::with_file(FILE))];
    let paths = &["/admin/config/upload", "/api/admin/config/upload", "/api/admin/config/upload/preview"];

    (proptest::sample::select(paths.as_slice()), forms)
}

pub fn request(path: &str, form: Vec<u8>) -> Request<Vec<u8>> {
    let request = Request::post(path).header("x-api-key", API_KEY);
    request.header(header::CONTENT_TYPE, form::CONTENT_TYPE).body(form).unwrap()
}

#[test]
fn no_upload_causes_a_server_error() {
    let service = Service::without_data();

    check(forms(), |(path, form)| service.put(request(path, form)).map(drop));
}
