//! Finds implausible dates and numbers in the clinical data, stored before `augmed load` refused them, or by other programs.

use chrono::Datelike as _;
use serde::Serialize;
use shared::db::Database;
use shared::time::now;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::failure::Failure;
use crate::load::{Catalog, Kind, clinical_columns, quoted};

/// Participants of a study are born later.
const FIRST_YEAR: i32 = 1850;

/// Implausible values of a column.
#[derive(Debug, Serialize)]
pub struct Implausible {
    /// `visit_occurrence.visit_start_date`
    pub place: String,
    pub rows: i64,
    pub problem: String,
}

/// Checks every date, year and number of the clinical tables, and the ages that visits show.
pub async fn find(db: &Database) -> Result<Vec<Implausible>, Failure> {
    let catalog = clinical_columns(db).await?;
    let last_year = now().year() + 1;
    let mut found = Vec::new();
    for (table, checks) in checks(&catalog, last_year) {
        let counts: Vec<String> =
            checks.iter().map(|check| format!("count(*) FILTER (WHERE {})", check.condition)).collect();
        let row: PgRow = sqlx::query(&format!("SELECT {} FROM {table}", counts.join(", "))).fetch_one(db).await?;
        for (index, check) in checks.into_iter().enumerate() {
            let rows = row.try_get(index)?;
            if rows > 0 {
                found.push(Implausible { place: format!("{table}.{}", check.column), rows, problem: check.problem });
            }
        }
    }
    let without_age: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM visit_occurrence JOIN person USING (person_id)
         WHERE extract(year FROM visit_start_date) - year_of_birth NOT BETWEEN 0 AND 130",
    )
    .fetch_one(db)
    .await?;
    if without_age > 0 {
        let problem = "the year less the patient's year of birth is not 0 to 130: the case shows no age".to_owned();
        found.push(Implausible { place: "visit_occurrence.visit_start_date".to_owned(), rows: without_age, problem });
    }
    Ok(found)
}

struct Check {
    column: String,
    condition: String,
    problem: String,
}

fn checks(catalog: &Catalog, last_year: i32) -> Vec<(String, Vec<Check>)> {
    let of_table = catalog.iter().map(|(table, columns)| {
        let checks = columns.iter().filter_map(|column| {
            let name = quoted(&column.name);
            let outside = format!("before {FIRST_YEAR} or after {last_year}");
            let (condition, problem) = match column.kind {
                Kind::Date | Kind::Timestamp => {
                    (format!("{name} < '{FIRST_YEAR}-01-01' OR {name} >= '{}-01-01'", last_year + 1), outside)
                }
                Kind::Integer(..) if column.name == "year_of_birth" => {
                    (format!("{name} NOT BETWEEN {FIRST_YEAR} AND {last_year}"), outside)
                }
                // only NaN and Infinity contain these letters
                Kind::Number => (format!("{name}::text ~ '[af]'"), "no number (NaN or infinite)".to_owned()),
                _ => return None,
            };
            Some(Check { column: column.name.clone(), condition, problem })
        });
        (table.clone(), checks.collect::<Vec<_>>())
    });
    of_table.filter(|(_, checks)| !checks.is_empty()).collect()
}
