//! Checks that the role has the privileges that pending migrations need.

use std::collections::BTreeSet;

use sqlx::PgConnection;
use sqlx::migrate::Migration;

use crate::Error;

/// Checks the privileges before the first migration, so that no run fails partway: creating objects needs `CREATE` on
/// the schema, and changing a table needs its ownership.
pub async fn check(connection: &mut PgConnection, pending: &[&Migration]) -> Result<(), Error> {
    if pending.is_empty() {
        return Ok(());
    }
    let words: Vec<String> = pending.iter().flat_map(|migration| words(&migration.sql)).collect();
    // not checked at compile time: reads PostgreSQL's catalog, which our migrations do not change
    let (role, may_create, foreign): (String, bool, Vec<String>) = sqlx::query_as(
        "SELECT quote_ident(current_user), has_schema_privilege('public', 'CREATE'),
                ARRAY(SELECT format('table %1$s belongs to %2$s: ALTER TABLE %1$s OWNER TO %3$I, or GRANT %2$s TO %3$I',
                                    oid::regclass, quote_ident(pg_get_userbyid(relowner)), current_user)
                      FROM pg_class
                      WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname = ANY ($1)
                        AND NOT pg_has_role(relowner, 'USAGE')
                      ORDER BY relname)",
    )
    .bind(words)
    .fetch_one(connection)
    .await?;
    let create = format!("CREATE on schema public is missing: GRANT CREATE ON SCHEMA public TO {role}");
    let missing: Vec<String> = (!may_create).then_some(create).into_iter().chain(foreign).collect();
    if missing.is_empty() { Ok(()) } else { Err(Error::Privileges { role, missing }) }
}

/// Returns the words of a migration outside comments. They include the names of the tables that it changes.
fn words(sql: &str) -> BTreeSet<String> {
    let code = sql.lines().map(|line| line.split("--").next().unwrap_or_default());
    let words = code.flat_map(|line| line.split(|character: char| !character.is_alphanumeric() && character != '_'));
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_include_tables_of_statements_but_not_of_comments() {
        let words = words("-- like answer\nALTER TABLE \"user\" ADD COLUMN x int;");

        assert!(words.contains("user") && !words.contains("answer"));
    }
}
