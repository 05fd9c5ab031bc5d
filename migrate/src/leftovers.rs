//! `CREATE INDEX CONCURRENTLY` that is interrupted leaves an index behind that costs writes and serves no reads; one that is
//! killed after its end leaves a good one that nobody has recorded. Either way the next run builds it anew.

use sqlx::migrate::Migration;
use sqlx::{Executor, PgConnection};
use squawk_syntax::SourceFile;
use squawk_syntax::ast::Stmt;

/// The indexes that a migration builds concurrently.
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

/// Drops what an earlier attempt at `migration` left behind, and names it.
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
