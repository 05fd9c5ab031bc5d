//! Runs SQL steps and prints their rows as `psql -A -t -F ' | '` does.

use futures_util::TryStreamExt as _;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Error, Row as _, ValueRef as _};

/// Runs semicolon-separated statements in one implicit transaction.
pub async fn execute(connection: &mut PgConnection, statements: &str) -> Result<(), Error> {
    sqlx::raw_sql(statements).execute(connection).await.map(drop)
}

/// Runs statements like [`execute`]; returns one line per row. The connection's time zone is UTC (sqlx sets it).
pub async fn rows(connection: &mut PgConnection, statements: &str) -> Result<Vec<String>, Error> {
    sqlx::raw_sql(statements)
        .fetch(connection)
        .map_err(Error::from)
        .and_then(async |row| line(&row))
        .try_collect()
        .await
}

/// Formats a row of a simple query, whose values arrive as PostgreSQL prints them; NULL is empty.
fn line(row: &PgRow) -> Result<String, Error> {
    let values = (0..row.len()).map(|column| {
        let value = row.try_get_raw(column)?;
        if value.is_null() { Ok("") } else { value.as_str().map_err(Error::Decode) }
    });
    Ok(values.collect::<Result<Vec<&str>, Error>>()?.join(" | "))
}

#[cfg(test)]
mod tests {
    use super::{execute, rows};
    use crate::db::TestDb;

    async fn printed(statements: &str) -> Vec<String> {
        let db = TestDb::new().await;
        rows(&mut db.pool.acquire().await.unwrap(), statements).await.unwrap()
    }

    #[tokio::test]
    async fn values_are_printed_as_psql_does() {
        let values = "SELECT true, false, null, 1.50::numeric, 1e16::float8, '{\"a\": 1.0}'::jsonb, 'x | y'";

        assert_eq!(printed(values).await, ["t | f |  | 1.50 | 1e+16 | {\"a\": 1.0} | x | y"]);
    }

    #[tokio::test]
    async fn times_are_in_utc() {
        let moment = "SELECT timestamptz '2024-05-01 12:00:00.25+02', timestamp '2024-05-01 12:00'";

        assert_eq!(printed(moment).await, ["2024-05-01 10:00:00.25+00 | 2024-05-01 12:00:00"]);
    }

    #[tokio::test]
    async fn each_statement_prints_its_rows_and_a_change_prints_none() {
        let statements =
            "CREATE TEMP TABLE t (n int); INSERT INTO t VALUES (2), (1); SELECT n FROM t ORDER BY n; SELECT 'x'";

        assert_eq!(printed(statements).await, ["1", "2", "x"]);
    }

    #[tokio::test]
    async fn a_refused_statement_undoes_those_before_it() {
        let db = TestDb::new().await;
        let mut connection = db.pool.acquire().await.unwrap();

        let refused = execute(&mut connection, "CREATE TABLE before_it (); SELECT 1 / 0").await;

        assert!(refused.is_err());
        assert_eq!(rows(&mut connection, "SELECT to_regclass('before_it')").await.unwrap(), [""]);
    }
}
