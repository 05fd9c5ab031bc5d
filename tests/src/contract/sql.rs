//! SQL steps, with the rows printed as `psql -A -t -F ' | '` prints them.

use futures_util::TryStreamExt as _;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Error, Row as _};

/// Runs statements that are separated by semicolons, in one implicit transaction.
pub async fn execute(connection: &mut PgConnection, statements: &str) -> Result<(), Error> {
    sqlx::raw_sql(statements)
        .execute(connection)
        .await
        .map(drop)
}

/// Runs statements as [`execute`] does; one line per row they give. The connection's time zone is UTC (sqlx sets it).
pub async fn rows(connection: &mut PgConnection, statements: &str) -> Result<Vec<String>, Error> {
    sqlx::raw_sql(statements)
        .fetch(connection)
        .map_err(Error::from)
        .and_then(async |row| line(&row))
        .try_collect()
        .await
}

/// A simple query's values arrive as PostgreSQL prints them; only null has no text.
fn line(row: &PgRow) -> Result<String, Error> {
    let values = (0..row.len()).map(|column| {
        let value = row.try_get_raw(column)?;
        value.as_str().map_err(Error::Decode)
    });
    Ok(values.collect::<Result<Vec<&str>, Error>>()?.join(" | "))
}
