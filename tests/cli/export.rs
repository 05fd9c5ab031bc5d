//! `augmed export`: all data of the routes as files.

use std::fs::{self, File};
use std::io::Read as _;

use axum::body::Body;
use flate2::read::GzDecoder;
use http::Request;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::{Field, Row};
use serde_json::{Value, json};
use sqlx::Executor as _;
use tests::app::{API_KEY, TestApp};
use tests::db::TestDb;

use tests::augmed::Augmed;

/// Exports, and routes with the same data.
const EXPORTS: [(&str, &str); 4] = [
    ("answers", "/api/v1/export/answers?include=assignment"),
    ("analytics", "/api/v1/export/analytics"),
    ("participants", "/api/v1/export/participants"),
    ("assignments", "/api/v1/export/display-configs"),
];

async fn over_contract_data() -> Augmed {
    Augmed::over(TestDb::with_contract_data().await)
}

/// Returns the rows of a Parquet file.
pub fn rows(augmed: &Augmed, file: &str) -> Vec<Row> {
    let reader = SerializedFileReader::new(File::open(augmed.path(file)).unwrap()).unwrap();
    reader.get_row_iter(None).unwrap().map(Result::unwrap).collect()
}

async fn route(api: &TestApp, path: &str, accept: &str) -> String {
    let request = Request::get(path).header("x-api-key", API_KEY).header("accept", accept);
    let answer = api.send(request.body(Body::empty()).unwrap()).await;
    String::from_utf8(answer.body.to_vec()).unwrap()
}

#[tokio::test]
async fn json_and_csv_equal_the_responses_of_the_routes() {
    let augmed = over_contract_data().await;
    let exported = |export, format| augmed.run(&["export", export, "--format", format]).done().stdout;
    let files = EXPORTS.map(|(export, path)| (path, exported(export, "json"), exported(export, "csv")));

    let Augmed { db, .. } = augmed;
    let api = TestApp::over(db).await;
    for (path, json, csv) in files {
        assert_eq!(json, route(&api, path, "application/json").await, "{path}");
        assert_eq!(csv, route(&api, path, "text/csv").await, "{path}");
    }
}

#[tokio::test]
async fn since_excludes_older_rows() {
    let augmed = over_contract_data().await;

    let exported = augmed.run(&["export", "answers", "--since", "2024-06-05", "--format", "json"]).done().json();

    assert_eq!(exported["pagination"]["total"], 6);
    let bad = augmed.run(&["export", "answers", "--since", "yesterday"]);
    assert!(bad.code == Some(2) && bad.stderr.contains("ISO 8601"), "{bad:?}");
}

#[tokio::test]
async fn the_file_name_selects_the_format() {
    let augmed = over_contract_data().await;
    for file in ["a.csv", "a.csv.gz", "a.json", "a.json.gz", "a.parquet"] {
        augmed.run(&["export", "answers", "--output", file]).done();
    }

    for format in ["csv", "json"] {
        let plain = fs::read_to_string(augmed.path(&format!("a.{format}"))).unwrap();
        let mut unzipped = String::new();
        let zipped = File::open(augmed.path(&format!("a.{format}.gz"))).unwrap();
        GzDecoder::new(zipped).read_to_string(&mut unzipped).unwrap();
        assert_eq!(plain, unzipped);
    }
    for (arguments, said) in [
        (&["--output", "a.xlsx"][..], "let it end in .csv, .json or .parquet"),
        (&["--output", "a.parquet.gz"], "Parquet is already compressed"),
    ] {
        let run = augmed.run(&[&["export", "answers"], arguments].concat());
        assert!(run.code == Some(2) && run.stderr.contains(said), "{run:?}");
    }
}

#[tokio::test]
async fn parquet_contains_the_same_rows_as_json() {
    let augmed = over_contract_data().await;
    for (export, _) in EXPORTS {
        let json = augmed.run(&["export", export, "--format", "json"]).done().json();
        let file = format!("{export}.parquet");
        augmed.run(&["export", export, "--output", &file]).done();

        let rows = rows(&augmed, &file);

        let json = json["data"].as_array().unwrap();
        assert_eq!(rows.len(), json.len());
        for (row, json) in rows.iter().zip(json) {
            let columns: Vec<_> = row.get_column_iter().collect();
            assert_eq!(columns.len(), json.as_object().unwrap().len());
            for (name, field) in columns {
                assert!(is_same(field, &json[name]), "{export}: {name}: {field:?} is not {}", json[name]);
            }
        }
    }
}

/// Compares a cell of Parquet with JSON, in which times are text.
fn is_same(field: &Field, json: &Value) -> bool {
    let time = |micros: i64| chrono::DateTime::from_timestamp_micros(micros).unwrap().naive_utc();
    match field {
        Field::Null => json.is_null(),
        Field::Bool(value) => json == value,
        Field::Long(number) => json == number,
        Field::Double(number) => json == number,
        // JSON numbers keep their digits, but have the same value
        Field::Str(text) => json == text || serde_json::from_str::<Value>(text).unwrap() == *json,
        Field::Date(days) => json == &json!(chrono::NaiveDate::from_epoch_days(*days)),
        Field::TimestampMicros(micros) => {
            let text = json.as_str().unwrap().trim_end_matches("+00:00");
            time(*micros) == text.replace(' ', "T").parse().unwrap()
        }
        _ => false,
    }
}

#[tokio::test]
async fn a_failed_export_keeps_the_old_file_and_leaves_no_other() {
    let augmed = over_contract_data().await;
    augmed.file("a.csv", "of yesterday");
    augmed.db.pool.execute("ALTER TABLE analytics RENAME COLUMN to_submit_secs TO gone").await.unwrap();

    let run = augmed.run(&["export", "analytics", "--output", "a.csv"]);

    assert_eq!(run.code, Some(1), "{run:?}");
    assert_eq!(fs::read_to_string(augmed.path("a.csv")).unwrap(), "of yesterday");
    assert_eq!(fs::read_dir(augmed.path("")).unwrap().count(), 1);
}

#[tokio::test]
async fn an_export_is_recorded_with_its_number_of_rows_unless_it_is_empty() {
    let augmed = Augmed::with_study().await;
    augmed.run(&["export", "answers"]).done();
    augmed.run(&["export", "participants"]).done();

    let entries: Vec<(String, Vec<String>, Value)> =
        sqlx::query_as("SELECT actor, resources, details FROM audit_entry WHERE action = 'data.export' ORDER BY id")
            .fetch_all(&augmed.db.pool)
            .await
            .unwrap();

    let of_participants = vec!["/api/v1/export/participants".to_owned()];
    assert_eq!(entries, [("cli".to_owned(), of_participants, json!({"rows": 2}))]);
}

#[tokio::test]
async fn the_report_does_not_mix_with_the_data() {
    let augmed = Augmed::with_study().await;

    let to_stdout = augmed.run(&["export", "participants"]).done();
    let to_file = augmed.run(&["--json", "export", "participants", "--output", "p.csv"]).done();
    let as_json = augmed.run(&["--json", "export", "participants"]).done();

    assert_eq!((to_stdout.stdout.lines().count(), &*to_stdout.stderr), (3, "2 rows of 9 columns\n"));
    assert_eq!(to_file.json(), json!({"rows": 2, "columns": 9, "formulas": 0}));
    assert_eq!((as_json.json()["pagination"]["total"].as_u64(), &*as_json.stderr), (Some(2), ""));
}

#[tokio::test]
async fn formulas_are_exported_unchanged_and_counted() {
    let augmed = Augmed::with_study().await;
    augmed.db.pool.execute(r#"UPDATE "user" SET position = '=1+1', employer = '-5'"#).await.unwrap();

    let run = augmed.run(&["export", "participants"]).done();

    assert!(run.stdout.contains(",=1+1,-5,"), "{run:?}");
    assert!(run.stderr.contains("2 cells begin with = + - or @"), "{run:?}");
}
