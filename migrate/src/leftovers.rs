//! Cleanup after `CREATE INDEX CONCURRENTLY`. If the statement is interrupted, it leaves an invalid index that slows
//! down writes and serves no reads. If the run is killed before it records the migration, it leaves a valid index.
//! Either way the next run rebuilds it.

use sqlx::migrate::Migration;
use sqlx::{Executor, PgConnection};
use squawk_syntax::SourceFile;
use squawk_syntax::ast::Stmt;

/// Returns the indexes that a migration builds concurrently.
pub fn concurrent_indexes(migration: &Migration) -> Vec<String> {
    SourceFile::parse(&migration.sql)
        .tree()
        .stmts()
        .filter_map(|statement| match statement {
            Stmt::CreateIndex(index) if index.concurrently_token().is_some() => {
                Some(index.index()?.path()?.segment()?.text())
            }
            _ => None,
        })
        .collect()
}

/// Drops the indexes that an earlier attempt at `migration` left behind, and returns their names.
pub async fn remove(connection: &mut PgConnection, migration: &Migration) -> Result<Vec<String>, sqlx::Error> {
    let left = sqlx::query!(
        r#"SELECT relname::text AS "name!", quote_ident(relname) AS "quoted!"
           FROM pg_class
           WHERE relnamespace = 'public'::regnamespace AND relkind = 'i' AND relname = ANY($1)"#,
        &concurrent_indexes(migration)
    )
    .fetch_all(&mut *connection)
    .await?;
    for index in &left {
        connection.execute(&*format!("DROP INDEX CONCURRENTLY public.{}", index.quoted)).await?;
    }
    Ok(left.into_iter().map(|index| index.name).collect())
}

#[cfg(test)]
mod tests {
    use sqlx::migrate::MigrationType;

    use super::*;

    #[test]
    fn an_index_that_is_built_in_a_transaction_leaves_nothing_behind() {
        let sql = "CREATE INDEX one ON answer (id); CREATE INDEX CONCURRENTLY other ON answer (id);";
        let migration = Migration::new(1, "indexes".into(), MigrationType::ReversibleUp, sql.into(), true);

        assert_eq!(concurrent_indexes(&migration), ["other"]);
    }
}
