//! Reads the columns of the tables from the database.

use std::collections::BTreeMap;

use shared::db::Database;

use super::column::{Column, Kind, Reference};
use crate::failure::Failure;

/// Columns by table.
pub type Catalog = BTreeMap<String, Vec<Column>>;

/// Returns the maximum number of characters of a text; `None` if there is none.
pub fn max_characters(catalog: &Catalog, table: &str, column: &str) -> Option<usize> {
    match catalog.get(table)?.iter().find(|known| known.name == column)?.kind {
        Kind::Text(limit) => limit,
        _ => None,
    }
}

/// Reads the columns of `tables`, in order.
pub async fn read(tables: &[&str], db: &Database) -> Result<Catalog, Failure> {
    let tables: Vec<String> = tables.iter().map(|table| (*table).to_owned()).collect();
    let rows = sqlx::query!(
        r#"SELECT relname::text AS "table!", attname::text AS "name!", format_type(atttypid, atttypmod) AS "type_name!",
                  attnotnull AS "is_required!", primary_key.oid IS NOT NULL AS "is_key!",
                  foreign_key.conname::text AS "constraint?", foreign_key.confrelid::regclass::text AS "refers_to?",
                  (SELECT attname::text FROM pg_attribute
                   WHERE attrelid = foreign_key.confrelid AND attnum = foreign_key.confkey[1]) AS "referred_column?"
           FROM pg_class
           JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
           LEFT JOIN pg_constraint AS primary_key
             ON primary_key.conrelid = pg_class.oid AND primary_key.contype = 'p' AND attnum = ANY (primary_key.conkey)
           LEFT JOIN pg_constraint AS foreign_key
             ON foreign_key.conrelid = pg_class.oid AND foreign_key.contype = 'f' AND foreign_key.conkey = ARRAY[attnum]
           WHERE relname = ANY ($1) AND relkind = 'r' AND pg_table_is_visible(pg_class.oid)
           ORDER BY relname, attnum"#,
        &tables
    )
    .fetch_all(db)
    .await?;
    let mut catalog = Catalog::new();
    for row in rows {
        let refers_to = row.constraint.zip(row.refers_to).zip(row.referred_column);
        catalog.entry(row.table).or_default().push(Column {
            name: row.name,
            kind: Kind::of(&row.type_name),
            is_required: row.is_required,
            is_key: row.is_key,
            refers_to: refers_to.map(|((constraint, table), column)| Reference { constraint, table, column }),
        });
    }
    match tables.iter().find(|table| !catalog.contains_key(*table)) {
        Some(table) => Err(Failure::new(format!("the database has no table {table}"))
            .with_remedy("the schema is not up to date: `augmed migrate status`, then `augmed migrate up`")),
        None => Ok(catalog),
    }
}
