//! `load clinical PATIENTS.csv --mapping MAPPING.csv`: converts a file with one row per patient to files of OMOP tables, which are loaded
//! like any others.

mod mapping;
mod patient;

use std::fs;

use chrono::NaiveDate;
use shared::db::Database;
use tempfile::TempDir;

use super::arguments::Files;
use super::catalog;
use super::errors::{self, Error, MAX_LISTED, TableErrors};
use crate::failure::Failure;
use crate::input::Input;
use crate::table_text::Table;

use mapping::Mapped;
use patient::{Last, Limits, Tables};

/// The files of OMOP tables for a wide file.
pub struct Unfolded {
    pub directory: TempDir,
    /// Notes on what the mapping leaves out.
    pub notes: Vec<String>,
}

/// Writes the files for a wide file. Ids that it does not have continue after the stored ones.
pub async fn unfold(
    files: &Files,
    mapping: &Input,
    visit_date: Option<NaiveDate>,
    db: &Database,
) -> Result<Unfolded, Failure> {
    let file: Input = files.directory.to_string_lossy().parse().unwrap_or_else(|never| match never {});
    let table = Table::parse(&file.read_text()?).map_err(|problem| file.failure(problem))?;
    let mapping = mapping::read(mapping, &table.header)?;
    let limits = if files.truncate { Limits::default() } else { limits(db).await? };
    let mut connection = db.acquire().await?;
    let mut tables = Tables::new(Last::read(&mut connection).await?, limits);
    let stored: Vec<i32> = sqlx::query_scalar("SELECT person_id FROM person").fetch_all(&mut *connection).await?;
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
        let notes = unmapped(&table.header, &mapping).map(|note| format!("{file}: {note}")).into_iter().collect();
        return Ok(Unfolded { directory, notes });
    }
    let more = wrong.len().saturating_sub(MAX_LISTED) as u64;
    wrong.truncate(MAX_LISTED);
    let wrong = [TableErrors { table: "person", file: file.to_string(), errors: wrong, more }];
    files.errors.as_ref().map_or(Ok(()), |output| errors::write(&wrong, output))?;
    Err(errors::failure(&wrong, &std::collections::BTreeSet::new()))
}

async fn limits(db: &Database) -> Result<Limits, Failure> {
    let catalog = catalog::read(&["observation", "person"], db).await?;
    Ok(Limits {
        person_source_value: catalog::max_characters(&catalog, "person", "person_source_value"),
        value_as_string: catalog::max_characters(&catalog, "observation", "value_as_string"),
    })
}

/// Returns a note on the columns of the file that have no target.
fn unmapped(header: &[String], mapping: &[Mapped]) -> Option<String> {
    let is_unmapped = |column: &usize| mapping.iter().all(|mapped| mapped.cell != *column);
    let columns = (0..header.len()).filter(is_unmapped).map(|column| header[column].as_str());
    let columns: Vec<_> = columns.filter(|name| !name.is_empty()).collect();
    if columns.is_empty() {
        None
    } else {
        Some(format!("columns that the mapping does not contain: {}", columns.join(", ")))
    }
}
