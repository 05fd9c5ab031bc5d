//! A schema as lines of text, read from a database or built from the contract's lists.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use tests::db::TestDb;

use crate::support::texts;

const COLUMNS: &str = include_str!("../../migrate/src/expected/columns.csv");
const CONSTRAINTS: &str = include_str!("../../migrate/src/expected/constraints.csv");
const OUR_COLUMNS: &str = include_str!("../fixtures/schema/our_columns.csv");
const OUR_CONSTRAINTS: &str = include_str!("../fixtures/schema/our_constraints.csv");
const OUR_DROPPED_CONSTRAINTS: &str = include_str!("../fixtures/schema/our_dropped_constraints.csv");
const OUR_INDEXES: &str = include_str!("../fixtures/schema/our_indexes.csv");
const OUR_ROUTINES: &str = include_str!("../fixtures/schema/our_routines.csv");

/// Columns with their position, constraints, indexes without a constraint, sequences with their owners, functions and triggers.
#[derive(Clone, Debug, Default)]
pub struct Catalog(BTreeSet<String>);

impl Catalog {
    /// Builds the schema of the contract.
    pub fn of_the_contract() -> Self {
        let mut catalog = Self::default();
        let mut places = Places::default();
        for (table, _position, name, data_type, nullable, default) in
            rows::<(String, u32, String, String, String, String)>(COLUMNS)
        {
            catalog.add_column(places.next(&table), &table, &name, &data_type, &nullable, &default);
        }
        catalog.0.extend(
            rows::<(String, String, String)>(CONSTRAINTS)
                .into_iter()
                .map(|(table, name, definition)| format!("{table} {name} {definition}")),
        );
        catalog
    }

    /// Builds the current schema: that of the contract, changed by our migrations.
    pub fn current() -> Self {
        let mut catalog = Self::of_the_contract();
        let mut places = Places::default();
        for (table, name, data_type, nullable, default) in rows::<(String, String, String, String, String)>(OUR_COLUMNS)
        {
            let in_old_system = COLUMNS.lines().filter(|line| line.split(',').next() == Some(&table)).count();
            let place = places.next(&table) + u32::try_from(in_old_system).unwrap();
            catalog.add_column(place, &table, &name, &data_type, &nullable, &default);
        }
        for (table, name) in rows::<(String, String)>(OUR_DROPPED_CONSTRAINTS) {
            catalog.0.retain(|line| !line.starts_with(&format!("{table} {name} ")));
        }
        let constraints = rows::<(String, String, String)>(OUR_CONSTRAINTS).into_iter();
        catalog.0.extend(constraints.map(|(table, name, definition)| format!("{table} {name} {definition}")));
        catalog
            .0
            .extend(rows::<(String, String)>(OUR_ROUTINES).into_iter().map(|(kind, name)| format!("{kind} {name}")));
        catalog.0.extend(rows::<(String, String)>(OUR_INDEXES).into_iter().map(|(_table, definition)| definition));
        catalog
    }

    fn add_column(&mut self, place: u32, table: &str, name: &str, data_type: &str, nullable: &str, default: &str) {
        self.0.insert(format!("{table} {place} {name} {data_type} {nullable} {default}"));
        if default == "identity" {
            self.0.insert(format!("{table}_{name}_seq of {table}.{name}"));
        }
        if let Some(sequence) = default.strip_prefix("nextval('").and_then(|rest| rest.strip_suffix("'::regclass)")) {
            self.0.insert(format!("{sequence} of {table}.{name}"));
        }
    }

    pub async fn of(db: &TestDb) -> Self {
        let mut lines = BTreeSet::new();
        for query in [LIVE_COLUMNS, LIVE_CONSTRAINTS, LIVE_INDEXES, LIVE_SEQUENCES, LIVE_ROUTINES] {
            lines.extend(texts(db, query).await);
        }
        Self(lines)
    }

    /// Fails with the lines that are different.
    pub fn assert_is(&self, expected: &Self) {
        let unknown: Vec<_> = self.0.difference(&expected.0).collect();
        let missing: Vec<_> = expected.0.difference(&self.0).collect();
        assert!(unknown.is_empty() && missing.is_empty(), "unknown: {unknown:#?}\nmissing: {missing:#?}");
    }

    /// Returns the columns of `table`, in any order.
    pub fn columns(&self, table: &str) -> Vec<&str> {
        let of_table = self.0.iter().filter_map(|line| line.strip_prefix(table)?.strip_prefix(' '));
        of_table
            .filter_map(|line| {
                line.split_once(' ').filter(|(place, _)| place.parse::<u32>().is_ok())?.1.split(' ').next()
            })
            .collect()
    }
}

/// Counts positions of columns from 1, without the gaps of dropped ones.
#[derive(Default)]
struct Places(String, u32);

impl Places {
    fn next(&mut self, table: &str) -> u32 {
        if self.0 != table {
            *self = Self(table.to_owned(), 0);
        }
        self.1 += 1;
        self.1
    }
}

fn rows<T: DeserializeOwned>(text: &str) -> Vec<T> {
    csv::Reader::from_reader(text.as_bytes()).into_deserialize().collect::<Result<_, _>>().unwrap()
}

const LIVE_COLUMNS: &str = "
    SELECT concat_ws(' ', table_name, row_number() OVER (PARTITION BY table_name ORDER BY ordinal_position), column_name,
                     CASE data_type WHEN 'character varying' THEN 'varchar' || coalesce('(' || character_maximum_length || ')', '')
                                    WHEN 'timestamp without time zone' THEN 'timestamp' WHEN 'timestamp with time zone' THEN 'timestamptz'
                                    WHEN 'ARRAY' THEN substr(udt_name, 2) || '[]'
                                    ELSE data_type END,
                     is_nullable, CASE is_identity WHEN 'YES' THEN 'identity' ELSE coalesce(column_default, '') END)
    FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name NOT IN ('_sqlx_migrations', 'alembic_version')";

const LIVE_CONSTRAINTS: &str = "
    SELECT relname || ' ' || conname || ' ' || pg_get_constraintdef(pg_constraint.oid)
    FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
    WHERE relnamespace = 'public'::regnamespace AND relname NOT IN ('_sqlx_migrations', 'alembic_version') AND contype <> 'n'";

const LIVE_INDEXES: &str = "
    SELECT pg_get_indexdef(indexrelid) || CASE WHEN indisvalid THEN '' ELSE ' INVALID' END
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE relnamespace = 'public'::regnamespace AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)";

const LIVE_SEQUENCES: &str = "
    SELECT sequence.relname || ' of ' || coalesce(owner.relname || '.' || attname, 'nobody')
    FROM pg_class sequence
    LEFT JOIN pg_depend ON objid = sequence.oid AND classid = 'pg_class'::regclass AND deptype IN ('a', 'i')
    LEFT JOIN pg_class owner ON owner.oid = refobjid
    LEFT JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
    WHERE sequence.relkind = 'S' AND sequence.relnamespace = 'public'::regnamespace";

const LIVE_ROUTINES: &str = "
    SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'trigger ' || tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
    WHERE relnamespace = 'public'::regnamespace AND NOT tgisinternal";
