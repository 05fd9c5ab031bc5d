//! Finds all errors in the rows of the files. PostgreSQL stops at the first row that it refuses, so all files are read again into temporary
//! tables without keys, which are queried for violations.

use sqlx::PgConnection;

use super::column::{Column, Reference};
use super::errors::{Found, MAX_LISTED, RowError, TableErrors};
use super::file::TableFile;
use super::layout::quoted;
use super::progress::Progress;
use super::rows::{self, Leniency};
use super::stopped::Stopped;
use crate::failure::Failure;

/// Maximum size of a B-tree entry that cannot be compressed (PostgreSQL: a third of a page).
const MAX_KEY_BYTES: usize = 2704;
/// SQLSTATE `program_limit_exceeded`.
const PROGRAM_LIMIT_EXCEEDED: &str = "54000";

/// Errors, and whether a row in one of these tables refers to a missing one.
#[derive(Default)]
pub struct Diagnosis {
    pub tables: Vec<TableErrors>,
    pub missing_in: Vec<(&'static str, String)>,
}

/// Examines all `files`. The transaction has to be rolled back afterwards.
pub async fn of(
    files: &[TableFile],
    leniency: &mut Leniency,
    adds_concepts: bool,
    connection: &mut PgConnection,
    progress: &mut Progress,
) -> Result<Diagnosis, Stopped> {
    let mut founds = Vec::new();
    for file in files {
        progress.start(file.table);
        founds.push(Box::pin(stage(file, leniency, connection, progress)).await?);
    }
    let mut diagnosis = Diagnosis::default();
    for (file, mut found) in files.iter().zip(founds) {
        progress.merging(file.table);
        duplicates(file, &mut found, connection).await?;
        too_long_for_key(file, &mut found, connection).await?;
        for filled in &file.layout.filled {
            let Some(reference) = &filled.column.refers_to else { continue };
            if adds_concepts && matches!(reference.table.as_str(), "concept" | "relationship") {
                continue;
            }
            if missing(file, &filled.column, reference, files, &mut found, connection).await? {
                diagnosis.missing_in.push((file.table, reference.table.clone()));
            }
        }
        let listed = found.listed(&file.place, file.table).map_err(Failure::from)?;
        diagnosis.tables.extend(listed);
    }
    Ok(diagnosis)
}

fn staging(table: &str) -> String {
    format!("pg_temp.\"rows of {table}\"")
}

/// Loads the rows, and collects what is wrong with their cells.
async fn stage(
    file: &TableFile,
    leniency: &mut Leniency,
    connection: &mut PgConnection,
    progress: &Progress,
) -> Result<Found, Stopped> {
    let (target, columns) = (staging(file.table), file.layout.sql());
    let create = format!(
        "CREATE TEMPORARY TABLE \"rows of {0}\" AS SELECT 0::bigint AS row_at, {columns} FROM {0} WITH NO DATA",
        file.table
    );
    sqlx::query(&create).execute(&mut *connection).await?;
    let mut found = Found::default();
    let copy = format!("COPY {target} (row_at, {columns}) FROM STDIN");
    rows::send(file, &copy, connection, progress, |row, out| {
        match row.cells {
            Ok(cells) => {
                out.extend_from_slice(format!("{}\t", row.at).as_bytes());
                rows::encode(cells, &file.layout, leniency, out, |filled, problem| {
                    let column = Some(filled.column.name.clone());
                    found.add(RowError { at: row.at, cell: filled.cell, column, problem: problem.to_string() });
                });
            }
            Err(problem) => found.add(RowError { at: row.at, cell: 0, column: None, problem }),
        }
        Ok(())
    })
    .await?;
    Ok(found)
}

/// Returns the key's columns, if the file has all of them.
fn keys(file: &TableFile) -> Vec<&Column> {
    file.layout.filled.iter().map(|filled| &filled.column).filter(|column| column.is_key).collect()
}

/// Finds rows with the key of an earlier row.
async fn duplicates(file: &TableFile, found: &mut Found, connection: &mut PgConnection) -> Result<(), Stopped> {
    let keys = keys(file);
    if keys.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = keys.iter().map(|column| quoted(&column.name)).collect();
    let rows = format!(
        "SELECT row_at FROM (SELECT row_at, row_number() OVER (PARTITION BY {} ORDER BY row_at) AS nth FROM {} WHERE {}) AS keyed
         WHERE nth > 1",
        names.join(", "),
        staging(file.table),
        names.iter().map(|name| format!("{name} IS NOT NULL")).collect::<Vec<_>>().join(" AND ")
    );
    let column = keys.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(" + ");
    let place = Place { cell: cell_of(file, keys[0]), column: &column };
    first_of(&rows, &place, "an earlier row has this key", found, connection).await?;
    Ok(())
}

/// Finds rows that refer to a row neither stored nor in the files; returns whether there are any.
async fn missing(
    file: &TableFile,
    column: &Column,
    reference: &Reference,
    files: &[TableFile],
    found: &mut Found,
    connection: &mut PgConnection,
) -> Result<bool, Stopped> {
    let (name, referred, table) = (quoted(&column.name), quoted(&reference.column), &reference.table);
    let loaded = files.iter().find(|other| other.table == table && other.layout.find(&reference.column).is_some());
    let in_files = loaded.map_or_else(String::new, |other| {
        format!(
            "AND NOT EXISTS (SELECT FROM {} AS loaded WHERE loaded.{referred} = named.{name})",
            staging(other.table)
        )
    });
    let rows = format!(
        "SELECT row_at FROM {} AS named WHERE {name} IS NOT NULL
         AND NOT EXISTS (SELECT FROM {table} AS stored WHERE stored.{referred} = named.{name}) {in_files}",
        staging(file.table)
    );
    let place = Place { cell: cell_of(file, column), column: &column.name };
    first_of(&rows, &place, &format!("{table} has no such row"), found, connection).await
}

/// Adds the first rows of a query, and counts all; returns whether there are any.
async fn first_of(
    rows: &str,
    place: &Place<'_>,
    problem: &str,
    found: &mut Found,
    connection: &mut PgConnection,
) -> Result<bool, Stopped> {
    let query = format!("SELECT row_at, count(*) OVER () FROM ({rows}) AS rows ORDER BY row_at LIMIT {MAX_LISTED}");
    let first: Vec<(i64, i64)> = sqlx::query_as(&query).fetch_all(connection).await?;
    let count = first.first().map_or(0, |(_, count)| count.unsigned_abs());
    let errors = first.iter().map(|(at, _)| place.error(*at, problem.to_owned()));
    found.extend(errors, count);
    Ok(count > 0)
}

/// Position of an error in a row.
struct Place<'a> {
    cell: usize,
    column: &'a str,
}

impl Place<'_> {
    fn error(&self, at: i64, problem: String) -> RowError {
        RowError { at: at.unsigned_abs(), cell: self.cell, column: Some(self.column.to_owned()), problem }
    }
}

fn cell_of(file: &TableFile, column: &Column) -> usize {
    file.layout.find(&column.name).map_or(0, |filled| filled.cell)
}

/// Finds rows whose key is too long for an index. That depends on how well it compresses, so each long key is tried.
async fn too_long_for_key(file: &TableFile, found: &mut Found, connection: &mut PgConnection) -> Result<(), Stopped> {
    let keys = keys(file);
    let texts: Vec<String> = keys.iter().filter(|column| column.is_text()).map(|column| quoted(&column.name)).collect();
    if texts.is_empty() {
        return Ok(());
    }
    let column = texts.join(" + ").replace('"', "");
    let place = Place { cell: 0, column: &column };
    let names = keys.iter().map(|column| quoted(&column.name)).collect::<Vec<_>>().join(", ");
    let bytes = texts.iter().map(|name| format!("coalesce(octet_length({name}), 0)")).collect::<Vec<_>>().join(" + ");
    let long =
        format!("SELECT row_at FROM {} WHERE {bytes} > {} ORDER BY row_at", staging(file.table), MAX_KEY_BYTES - 100);
    let long: Vec<i64> = sqlx::query_scalar(&long).fetch_all(&mut *connection).await?;
    if long.is_empty() {
        return Ok(());
    }
    let probe = format!("CREATE TEMPORARY TABLE \"keys of {0}\" AS SELECT {names} FROM {0} WITH NO DATA", file.table);
    sqlx::query(&probe).execute(&mut *connection).await?;
    let index = format!("CREATE INDEX ON pg_temp.\"keys of {}\" ({names})", file.table);
    sqlx::query(&index).execute(&mut *connection).await?;
    let insert = format!(
        "INSERT INTO pg_temp.\"keys of {}\" SELECT {names} FROM {} WHERE row_at = $1",
        file.table,
        staging(file.table)
    );
    for at in long {
        sqlx::query("SAVEPOINT key").execute(&mut *connection).await?;
        let Err(refusal) = sqlx::query(&insert).bind(at).execute(&mut *connection).await else { continue };
        sqlx::query("ROLLBACK TO SAVEPOINT key").execute(&mut *connection).await?;
        if refusal.as_database_error().is_some_and(|error| error.code().as_deref() == Some(PROGRAM_LIMIT_EXCEEDED)) {
            let problem = format!("is too long for the key: an index holds {MAX_KEY_BYTES} bytes of it");
            found.extend([place.error(at, problem)], 1);
        }
    }
    Ok(())
}
