//! `load clinical PATIENTS.csv --mapping MAPPING.csv`: converts a file with one row per patient to files of OMOP tables, which are loaded
//! like any others.

mod mapping;
mod patient;

use std::fs;
use std::path::Path;

use chrono::NaiveDate;
use sqlx::PgConnection;
use tempfile::TempDir;

use super::errors::{self, Error, MAX_LISTED, TableErrors};
use crate::failure::Failure;
use crate::input::Input;
use crate::output::Output;
use crate::table_text::Table;

use patient::{Last, Tables};

/// Writes the files for a wide file. Ids that it does not have continue after the stored ones.
pub async fn unfold(
    wide: &Path,
    mapping: &Input,
    visit_date: Option<NaiveDate>,
    errors: Option<&Output>,
    connection: &mut PgConnection,
) -> Result<TempDir, Failure> {
    let file: Input = wide.to_string_lossy().parse().unwrap_or_else(|never| match never {});
    let table = Table::parse(&file.read_text()?).map_err(|problem| file.failure(problem))?;
    let mapping = mapping::read(mapping, &table.header)?;
    let mut tables = Tables::new(Last::read(connection).await?);
    let stored: Vec<i32> = sqlx::query_scalar("SELECT person_id FROM person").fetch_all(connection).await?;
    tables.taken.extend(stored);
    let mut wrong = Vec::new();
    for row in &table.rows {
        let problems = patient::add(row, &mapping, visit_date, &mut tables)?;
        let problems = problems.into_iter();
        wrong.extend(problems.map(|(column, problem)| Error { line: row.line, column: Some(column), problem }));
    }
    if wrong.is_empty() {
        let directory = tempfile::tempdir()?;
        for (name, content) in tables.finish()? {
            fs::write(directory.path().join(name), content)?;
        }
        return Ok(directory);
    }
    let more = wrong.len().saturating_sub(MAX_LISTED) as u64;
    wrong.truncate(MAX_LISTED);
    let wrong = [TableErrors { table: "person", file: file.to_string(), errors: wrong, more }];
    errors.map_or(Ok(()), |output| errors::write(&wrong, output))?;
    Err(errors::failure(&wrong, &std::collections::BTreeSet::new()))
}
