//! Loads a file into its table. `COPY` fills an empty table directly. If the table has rows, or missing concepts are added, the rows go to a
//! temporary table first. From there they are added, or replace rows with the same key.

use sqlx::PgConnection;

use super::column::Column;
use super::concepts;
use super::file::TableFile;
use super::layout::quoted;
use super::progress::Progress;
use super::rows::{self, Leniency};
use super::stopped::Stopped;

const STAGING: &str = "loading";

/// Numbers of loaded rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub rows: u64,
    pub added: u64,
    pub replaced: u64,
    /// Cells that were truncated.
    pub truncated: u64,
    /// Cells with `NaN` or an infinite number.
    pub without_number: u64,
    /// Concepts that rows refer to and the vocabulary lacks.
    pub added_concepts: u64,
}

/// Loads `file` into the table with these columns.
pub async fn load(
    file: &TableFile,
    columns: &[Column],
    leniency: &mut Leniency,
    adds_concepts: bool,
    connection: &mut PgConnection,
    progress: &Progress,
) -> Result<Outcome, Stopped> {
    let stored = count(file.table, connection).await?;
    (leniency.truncated, leniency.without_number) = (0, 0);
    if stored == 0 && !adds_concepts {
        let rows = copy(file, file.table, leniency, connection, progress).await?;
        let (truncated, without_number) = (leniency.truncated, leniency.without_number);
        return Ok(Outcome { rows, added: rows, truncated, without_number, ..Outcome::default() });
    }
    let keys = names(columns.iter().filter(|column| column.is_key));
    execute(&format!("CREATE TEMPORARY TABLE {STAGING} (LIKE {})", file.table), connection).await?;
    if !keys.is_empty() {
        let key = format!("ALTER TABLE pg_temp.{STAGING} ADD PRIMARY KEY ({})", keys.join(", "));
        execute(&key, connection).await?;
    }
    let rows = copy(file, STAGING, leniency, connection, progress).await?;
    let added_concepts = if adds_concepts { concepts::add_missing(file, STAGING, connection).await? } else { 0 };
    progress.merging(file.table);
    let merged = execute(&merge(file.table, columns), connection).await;
    let changed = merged.map_err(|error| Stopped::of(error, file))?;
    execute(&format!("DROP TABLE pg_temp.{STAGING}"), connection).await?;
    let added = count(file.table, connection).await?.saturating_sub(stored);
    let (truncated, without_number) = (leniency.truncated, leniency.without_number);
    Ok(Outcome { rows, added, replaced: changed.saturating_sub(added), truncated, without_number, added_concepts })
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

/// Builds the statement that merges the rows of the temporary table. It does not touch identical rows.
fn merge(table: &str, columns: &[Column]) -> String {
    let all = names(columns.iter()).join(", ");
    let keys = names(columns.iter().filter(|column| column.is_key)).join(", ");
    if keys.is_empty() {
        // OMOP defines no key for this table, so rows are compared as a multiset
        return format!(
            "INSERT INTO {table} ({all}) SELECT {all} FROM pg_temp.{STAGING} EXCEPT ALL SELECT {all} FROM {table}"
        );
    }
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

/// Streams the rows into `target`, and stops at the first wrong one. Returns their number.
async fn copy(
    file: &TableFile,
    target: &str,
    leniency: &mut Leniency,
    connection: &mut PgConnection,
    progress: &Progress,
) -> Result<u64, Stopped> {
    let statement = format!("COPY {target} ({}) FROM STDIN", file.layout.sql());
    rows::send(file, &statement, connection, progress, |row, out| {
        let mut is_valid = row.cells.is_ok();
        if let Ok(cells) = row.cells {
            rows::encode(cells, &file.layout, leniency, out, |_, _| is_valid = false);
        }
        if is_valid { Ok(()) } else { Err(Stopped::at_row_of(file)) }
    })
    .await
}
