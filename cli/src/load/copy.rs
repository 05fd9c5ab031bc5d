//! A file into its table. An empty table is filled by `COPY`; one with rows by way of a temporary one, whose rows are then
//! added or take the place of those with their keys.

use csv::ByteRecord;
use sqlx::PgConnection;

use super::catalog::Column;
use super::file::TableFile;
use super::layout::{Layout, quoted};
use super::problem;
use super::progress::Progress;
use crate::failure::Failure;

/// Bytes that go to the server at once.
const CHUNK_BYTES: usize = 1 << 16;
const STAGING: &str = "loading";

/// What became of a file's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub rows: u64,
    pub added: u64,
    pub replaced: u64,
}

/// Loads `file`, whose table has these columns.
pub async fn load(
    file: &TableFile,
    columns: &[Column],
    transaction: &mut PgConnection,
    progress: &Progress,
) -> Result<Outcome, Failure> {
    let stored = count(file.table, transaction).await?;
    if stored == 0 {
        let rows = copy(file, file.table, transaction, progress).await?;
        return Ok(Outcome { rows, added: rows, replaced: 0 });
    }
    let keys = names(columns.iter().filter(|column| column.is_key));
    execute(&format!("CREATE TEMPORARY TABLE {STAGING} (LIKE {})", file.table), transaction).await?;
    execute(&format!("ALTER TABLE pg_temp.{STAGING} ADD PRIMARY KEY ({})", keys.join(", ")), transaction).await?;
    let rows = copy(file, STAGING, transaction, progress).await?;
    progress.merging(file.table);
    let merged = execute(&merge(file.table, columns), transaction).await;
    let changed = merged.map_err(|error| problem::of(error, file, STAGING))?;
    execute(&format!("DROP TABLE pg_temp.{STAGING}"), transaction).await?;
    let added = count(file.table, transaction).await?.saturating_sub(stored);
    Ok(Outcome { rows, added, replaced: changed.saturating_sub(added) })
}

async fn execute(statement: &str, connection: &mut PgConnection) -> Result<u64, sqlx::Error> {
    Ok(sqlx::query(statement).execute(connection).await?.rows_affected())
}

async fn count(table: &str, connection: &mut PgConnection) -> Result<u64, sqlx::Error> {
    let count: i64 = sqlx::query_scalar(&format!("SELECT count(*) FROM {table}")).fetch_one(connection).await?;
    Ok(count.unsigned_abs())
}

fn names<'a>(columns: impl Iterator<Item = &'a Column>) -> Vec<String> {
    columns.map(|column| quoted(&column.name)).collect()
}

/// A row that is as it was stays untouched.
fn merge(table: &str, columns: &[Column]) -> String {
    let all = names(columns.iter()).join(", ");
    let keys = names(columns.iter().filter(|column| column.is_key)).join(", ");
    let others = names(columns.iter().filter(|column| !column.is_key));
    let update = if others.is_empty() {
        "NOTHING".to_owned()
    } else {
        let set: Vec<String> = others.iter().map(|name| format!("{name} = excluded.{name}")).collect();
        let of = |table: &str| others.iter().map(|name| format!("{table}.{name}")).collect::<Vec<_>>().join(", ");
        format!("UPDATE SET {} WHERE ({}) IS DISTINCT FROM ({})", set.join(", "), of("stored"), of("excluded"))
    };
    format!(
        "INSERT INTO {table} AS stored ({all}) SELECT {all} FROM pg_temp.{STAGING} ON CONFLICT ({keys}) DO {update}"
    )
}

/// Streams the rows into `target`; how many they are.
async fn copy(
    file: &TableFile,
    target: &str,
    connection: &mut PgConnection,
    progress: &Progress,
) -> Result<u64, Failure> {
    let told = |error| problem::of(error, file, target);
    let mut source = file.open(&progress.bar)?;
    let statement = format!("COPY {target} ({}) FROM STDIN", file.layout.sql());
    let mut copy = connection.copy_in_raw(&statement).await?;
    let mut chunk = Vec::with_capacity(CHUNK_BYTES * 2);
    let mut rows = 0;
    let read = loop {
        let problem = match source.read() {
            Ok(None) => break Ok(()),
            Ok(Some(record)) => match encode(record, &file.layout, &mut chunk) {
                Ok(()) => None,
                Err((column, problem)) => Some(format!("line {}, column {column}: {problem}", source.line())),
            },
            Err(problem) => Some(problem),
        };
        if let Some(problem) = problem {
            break Err(file.failure(problem));
        }
        rows += 1;
        if chunk.len() >= CHUNK_BYTES {
            copy.send(&*chunk).await.map_err(told)?;
            chunk.clear();
            progress.rows(file.table, rows);
        }
    };
    copy.send(&*chunk).await.map_err(told)?;
    if let Err(failure) = read {
        // what the server finds wrong in an earlier row is told instead
        copy.abort("the file cannot be read").await.map_err(told)?;
        return Err(failure);
    }
    progress.checking(file.table, rows);
    copy.finish().await.map_err(told)
}

/// Appends a row in PostgreSQL's text format (documentation of `COPY`, "Text Format"). An empty cell is NULL.
fn encode<'a>(record: &ByteRecord, layout: &'a Layout, out: &mut Vec<u8>) -> Result<(), (&'a str, &'static str)> {
    for filled in &layout.filled {
        let cell = record.get(filled.cell).unwrap_or_default();
        if std::str::from_utf8(cell).is_err() {
            return Err((&filled.column.name, "not UTF-8 text"));
        }
        if cell.contains(&0) {
            return Err((&filled.column.name, "has a NUL, which PostgreSQL cannot store"));
        }
        match cell {
            b"" => out.extend_from_slice(b"\\N"),
            cell if cell.iter().any(|byte| matches!(byte, b'\\' | b'\n' | b'\r' | b'\t')) => escape(cell, out),
            cell => out.extend_from_slice(cell),
        }
        out.push(b'\t');
    }
    out.pop();
    out.push(b'\n');
    Ok(())
}

fn escape(cell: &[u8], out: &mut Vec<u8>) {
    for byte in cell {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            byte => out.push(*byte),
        }
    }
}
