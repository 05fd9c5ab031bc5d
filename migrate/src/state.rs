//! Detects the kind of database.

use serde::Serialize;
use sqlx::PgConnection;
use sqlx::migrate::Migrate;

use crate::Error;
use crate::difference::REVISION;

/// The state of a database that a run can continue from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Schema `public` is empty: `up` starts with the baseline.
    Empty,
    /// A database of the old system at [`REVISION`]. Its schema is not checked yet.
    OldSystem,
    /// Migrated by this program: `_sqlx_migrations` has its history.
    Migrated,
}

/// Detects the state; fails if no run can continue from it.
pub async fn detect(connection: &mut PgConnection) -> Result<State, Error> {
    let found = sqlx::query!(
        r#"SELECT to_regclass('public._sqlx_migrations') IS NOT NULL AS "ours!", to_regclass('public.alembic_version') IS NOT NULL AS "old!""#
    )
    .fetch_one(&mut *connection)
    .await?;
    if found.old {
        // not checked at compile time: a database of ours has no such table
        let revisions: Vec<String> = sqlx::query_scalar("SELECT version_num FROM public.alembic_version ORDER BY 1")
            .fetch_all(&mut *connection)
            .await?;
        if revisions != [REVISION] {
            return Err(Error::Revision(revisions));
        }
    }
    if found.ours && !connection.list_applied_migrations().await?.is_empty() {
        return Ok(State::Migrated);
    }
    if found.old {
        return Ok(State::OldSystem);
    }
    let objects = objects(connection).await?;
    if objects.is_empty() { Ok(State::Empty) } else { Err(Error::Foreign(objects)) }
}

/// Returns the tables, views and sequences in schema `public`, except those of extensions and sqlx's own table.
async fn objects(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT relname::text AS "name!"
           FROM pg_class
           WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND relname <> '_sqlx_migrations'
             AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')
           ORDER BY 1"#
    )
    .fetch_all(connection)
    .await
}
