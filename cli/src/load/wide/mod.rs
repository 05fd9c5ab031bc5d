//! `load clinical PATIENTS.csv --mapping MAPPING.csv`: converts a file with one row per patient to OMOP tables, which are loaded like any
//! others.

mod mapping;
mod patient;
mod tables;

use std::collections::BTreeSet;

use chrono::NaiveDate;
use shared::db::Database;
use sqlx::PgConnection;

use super::arguments::Files;
use super::catalog;
use super::directory::Directory;
use super::errors::{self, Error, MAX_LISTED, TableErrors};
use crate::columns;
use crate::failure::Failure;
use crate::input::Input;
use crate::table_text::Table;

use mapping::{Mapped, Target};
use tables::{Limits, Tables};

pub use tables::NAMES as TABLES;

const IS_NOT_REPEATABLE: &str = "the mapping has no person_id and no person_source_value: if this file is loaded again, its patients are stored twice";

/// A wide file, and the meaning of its columns.
pub struct Wide {
    file: Input,
    table: Table,
    mapping: Vec<Mapped>,
}

/// Reads a wide file and its mapping. Locks nothing, because standard input may be slow.
pub fn read(files: &Files, mapping: &Input) -> Result<Wide, Failure> {
    let file: Input = files.directory.to_string_lossy().parse().unwrap_or_else(|never| match never {});
    let table = Table::parse(&file.read_text()?).map_err(|problem| file.failure(problem))?;
    let mapping = mapping::read(mapping, &table.header)?;
    Ok(Wide { file, table, mapping })
}

/// Converts a wide file to tables. Ids that it does not have continue after the stored ones, so [`TABLES`] must be locked.
pub async fn convert(
    wide: Wide,
    files: &Files,
    visit_date: Option<NaiveDate>,
    db: &Database,
    transaction: &mut PgConnection,
) -> Result<Directory, Failure> {
    let Wide { file, table, mapping } = wide;
    let limits = if files.truncate { Limits::default() } else { limits(db).await? };
    let mut tables = Tables::over(transaction, limits).await?;
    let mut wrong = Vec::new();
    for row in &table.rows {
        let problems = patient::add(row, &mapping, visit_date, &mut tables)?;
        let problems = problems.into_iter();
        wrong.extend(problems.map(|(column, problem)| Error { line: row.line, column: Some(column), problem }));
    }
    if !wrong.is_empty() {
        let more = wrong.len().saturating_sub(MAX_LISTED) as u64;
        wrong.truncate(MAX_LISTED);
        let wrong = [TableErrors { table: "person", file: file.to_string(), errors: wrong, more }];
        files.errors.as_ref().map_or(Ok(()), |output| errors::write(&wrong, output))?;
        return Err(errors::failure(&wrong, &BTreeSet::new()));
    }
    let unmapped = columns::unused(&table, mapping.iter().map(|mapped| mapped.cell));
    let unmapped = unmapped.map(|names| format!("{file}: columns that the mapping does not contain: {names}"));
    let is_mapped = |target| mapping.iter().any(|mapped| mapped.target == target);
    let is_repeatable = is_mapped(Target::PersonId) || is_mapped(Target::PersonSourceValue);
    let not_repeatable = (!is_repeatable).then(|| IS_NOT_REPEATABLE.to_owned());
    let notes = unmapped.into_iter().chain(not_repeatable).collect();
    Ok(Directory::of_converted(tables.finish(&file.to_string())?, notes, &files.skip))
}

async fn limits(db: &Database) -> Result<Limits, Failure> {
    let catalog = catalog::read(&["observation", "person"], db).await?;
    Ok(Limits {
        person_source_value: catalog::max_characters(&catalog, "person", "person_source_value"),
        value_as_string: catalog::max_characters(&catalog, "observation", "value_as_string"),
    })
}
