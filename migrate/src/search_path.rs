//! Checks that the tables are in schema `public`, the only one that this program and the service use.

use sqlx::PgConnection;

use crate::Error;

/// Refuses a database whose study is in another schema, and a role whose search path lacks `public`.
///
/// Call it before changing the session's `search_path`.
pub async fn refuse_other_schemas(connection: &mut PgConnection) -> Result<(), Error> {
    // not checked at compile time: reads PostgreSQL's catalog, which our migrations do not change
    let (role, sees_public, elsewhere): (String, bool, Vec<String>) = sqlx::query_as(
        "SELECT current_user::text, 'public' = ANY (current_schemas(false)),
                ARRAY(SELECT nspname::text
                      FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
                      WHERE relname = 'alembic_version' AND relkind IN ('r', 'p') AND nspname <> 'public'
                        AND (pg_class.oid = to_regclass('alembic_version') OR to_regclass('public._sqlx_migrations') IS NULL
                                                                          AND to_regclass('public.alembic_version') IS NULL)
                      ORDER BY 1)",
    )
    .fetch_one(connection)
    .await?;
    if !elsewhere.is_empty() {
        return Err(Error::OtherSchema { role, schemas: elsewhere });
    }
    if sees_public { Ok(()) } else { Err(Error::PublicNotInSearchPath(role)) }
}
