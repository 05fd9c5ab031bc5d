//! Tables, columns and constraints of the old system and of a live database.

use std::collections::BTreeMap;

use serde::Deserialize;
use sqlx::PgConnection;

/// The baseline's schema, as in the production database (contract section 7).
const COLUMNS: &str = include_str!("expected/columns.csv");
const CONSTRAINTS: &str = include_str!("expected/constraints.csv");

/// Tables by name.
pub type Schema = BTreeMap<String, Table>;

/// A table. The order of its columns does not matter: in the old database, dropped columns leave gaps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    pub columns: BTreeMap<String, Column>,
    /// Definitions as printed by `pg_get_constraintdef`.
    pub constraints: BTreeMap<String, String>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The type as in the contract: `varchar(20)`, `timestamptz`.
    pub data_type: String,
    pub nullable: bool,
    /// The expression as printed by `pg_get_expr`.
    pub default: Option<String>,
}

#[derive(Deserialize)]
struct ColumnRow {
    table_name: String,
    column_name: String,
    #[serde(rename = "type")]
    data_type: String,
    nullable: String,
    default_value: Option<String>,
}

#[derive(Deserialize)]
struct ConstraintRow {
    table_name: String,
    name: String,
    definition: String,
}

/// Returns the schema of the old system.
pub fn expected() -> Schema {
    let mut schema = Schema::new();
    for row in rows::<ColumnRow>(COLUMNS) {
        let column = Column { data_type: row.data_type, nullable: row.nullable == "YES", default: row.default_value };
        schema.entry(row.table_name).or_default().columns.insert(row.column_name, column);
    }
    for row in rows::<ConstraintRow>(CONSTRAINTS) {
        schema.entry(row.table_name).or_default().constraints.insert(row.name, row.definition);
    }
    schema
}

/// Parses an embedded file; a test reads both.
fn rows<T: for<'row> Deserialize<'row>>(text: &str) -> Vec<T> {
    csv::Reader::from_reader(text.as_bytes())
        .into_deserialize()
        .map(|row| row.expect("the embedded schema is CSV"))
        .collect()
}

/// Returns the tables of schema `public`.
pub async fn live(connection: &mut PgConnection) -> Result<Schema, sqlx::Error> {
    let mut schema = Schema::new();
    let columns = sqlx::query!(
        r#"SELECT relname::text AS "table!", attname::text AS "name!", format_type(atttypid, atttypmod) AS "data_type!",
                  NOT attnotnull AS "nullable!", pg_get_expr(adbin, adrelid) AS default
           FROM pg_class
           JOIN pg_attribute ON attrelid = pg_class.oid
           LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
           WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped"#
    )
    .fetch_all(&mut *connection)
    .await?;
    for row in columns {
        let column = Column { data_type: short_type(&row.data_type), nullable: row.nullable, default: row.default };
        schema.entry(row.table).or_default().columns.insert(row.name, column);
    }
    let constraints = sqlx::query!(
        r#"SELECT relname::text AS "table!", conname::text AS "name!", pg_get_constraintdef(pg_constraint.oid) AS "definition!"
           FROM pg_constraint
           JOIN pg_class ON pg_class.oid = conrelid
           WHERE relnamespace = 'public'::regnamespace AND contype IN ('p', 'u', 'f', 'c', 'x')"#
    )
    .fetch_all(&mut *connection)
    .await?;
    for row in constraints {
        schema.entry(row.table).or_default().constraints.insert(row.name, row.definition);
    }
    Ok(schema)
}

fn short_type(data_type: &str) -> String {
    data_type
        .replace("character varying", "varchar")
        .replace("timestamp without time zone", "timestamp")
        .replace("timestamp with time zone", "timestamptz")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expected_schema_has_every_table_of_the_contract() {
        let schema = expected();

        assert_eq!(schema.len(), 37);
        assert_eq!(
            schema["display_config"].columns["id"].default.as_deref(),
            Some("nextval('configuration_id_seq'::regclass)")
        );
        assert!(!schema.contains_key("alembic_version"));
    }
}
