//! Prevents down migrations from deleting data.

use std::collections::BTreeSet;

use sqlx::PgConnection;
use sqlx::migrate::Migration;
use squawk_syntax::SourceFile;
use squawk_syntax::ast::{AstNode as _, Stmt};

use crate::Error;

/// Refuses to undo migrations whose tables contain rows: a mistyped address must not delete an append-only audit trail.
pub async fn refuse(connection: &mut PgConnection, undone: &[&Migration]) -> Result<(), Error> {
    let mut filled = Vec::new();
    let dropped: BTreeSet<String> = undone.iter().flat_map(|migration| dropped_tables(&migration.sql)).collect();
    for table in dropped {
        // the names come from our own migrations
        let holds_rows = format!("SELECT EXISTS (SELECT FROM {table})");
        if sqlx::query_scalar(&holds_rows).fetch_one(&mut *connection).await? {
            filled.push(table);
        }
    }
    if filled.is_empty() { Ok(()) } else { Err(Error::HoldsRows(filled)) }
}

/// Returns the tables that a migration drops, as written.
fn dropped_tables(sql: &str) -> Vec<String> {
    let tables = SourceFile::parse(sql).tree().stmts().filter_map(|statement| match statement {
        Stmt::DropTable(drop) => Some(drop.table_name_refs().map(|table| table.syntax().text().to_string())),
        _ => None,
    });
    tables.flatten().map(|table| table.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{catalog, migrations};

    #[test]
    fn finds_the_tables_that_migrations_drop() {
        let dropped = migrations::down().flat_map(|migration| dropped_tables(&migration.sql));
        let dropped: BTreeSet<String> = dropped.map(|table| table.replace('"', "")).collect();

        let ours = [
            "audit_entry",
            "exposure",
            "idempotent_request",
            "known_client",
            "login_failure",
            "reset_mails",
            "shown_page",
            "wrong_password",
        ]
        .map(str::to_owned);
        assert_eq!(dropped, catalog::expected().into_keys().chain(ours).collect());
    }

    #[test]
    fn a_statement_may_drop_several_tables() {
        assert_eq!(
            dropped_tables("DROP INDEX a; DROP TABLE IF EXISTS b, public.\"c\" CASCADE;"),
            ["b", "public.\"c\""]
        );
    }
}
