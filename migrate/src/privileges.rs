//! Whether the role may do what pending migrations do.

use std::collections::BTreeSet;

use sqlx::PgConnection;
use sqlx::migrate::Migration;

use crate::Error;

/// Refuses to begin what would fail half way: creating needs `CREATE` on the schema, changing needs the table's ownership.
pub async fn check(connection: &mut PgConnection, pending: &[&Migration]) -> Result<(), Error> {
    if pending.is_empty() {
        return Ok(());
    }
    let words: Vec<String> = pending.iter().flat_map(|migration| words(&migration.sql)).collect();
    // PostgreSQL's own catalog, which no migration of ours changes
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

/// The words of a migration outside of its comments, among which are the tables that it changes.
fn words(sql: &str) -> BTreeSet<String> {
    let code = sql.lines().map(|line| line.split("--").next().unwrap_or_default());
    let words = code.flat_map(|line| line.split(|character: char| !character.is_alphanumeric() && character != '_'));
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_of_a_statement_are_among_its_words_and_those_of_a_comment_are_not() {
        let words = words("-- like answer\nALTER TABLE \"user\" ADD COLUMN x int;");

        assert!(words.contains("user") && !words.contains("answer"));
    }
}
