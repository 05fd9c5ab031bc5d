//! The role's required privileges, and the statements that establish them.

use std::collections::BTreeSet;

use serde::Deserialize;
use sqlx::{Executor as _, PgConnection};

use super::quoted::quoted;

/// One line per table. `tests/application_role` compares the list with the SQL of functions and the container.
const LIST: &str = include_str!("privileges.csv");

/// A privilege on one table or sequence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Privilege {
    /// The table or sequence, in schema `public`.
    pub object: String,
    /// Whether it is a sequence.
    pub is_sequence: bool,
    /// The name, for example `SELECT`.
    pub name: String,
}

/// Statements and their descriptions.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub statements: Vec<String>,
    pub granted: Vec<String>,
    pub revoked: Vec<String>,
}

#[derive(Deserialize)]
struct Row {
    table_name: String,
    privileges: String,
}

/// Returns the privileges on tables.
///
/// # Panics
///
/// Panics if the embedded list is not valid CSV; a test reads it.
pub fn list() -> Vec<Privilege> {
    let rows = csv::Reader::from_reader(LIST.as_bytes()).into_deserialize();
    rows.map(|row| row.expect("the embedded list is CSV"))
        .flat_map(|row: Row| {
            let names: Vec<_> = row.privileges.split(' ').map(str::to_owned).collect();
            names.into_iter().map(move |name| Privilege { object: row.table_name.clone(), is_sequence: false, name })
        })
        .collect()
}

/// Revokes privileges of PUBLIC that the role would inherit: to create objects in `public` (granted until PostgreSQL
/// 14) and temporary tables. The owner keeps both.
pub(super) async fn revoke_public_privileges(connection: &mut PgConnection, role: &str) -> Result<(), sqlx::Error> {
    let has = sqlx::query!(
        r#"SELECT quote_ident(current_database()) AS "database!", has_schema_privilege($1, 'public', 'CREATE') AS "creates!",
                  has_database_privilege($1, current_database(), 'TEMPORARY') AS "makes_temporary_tables!""#,
        role
    )
    .fetch_one(&mut *connection)
    .await?;
    if has.creates {
        connection.execute("GRANT CREATE ON SCHEMA public TO CURRENT_USER").await?;
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC").await?;
    }
    if has.makes_temporary_tables {
        let database = &has.database;
        connection.execute(format!("GRANT TEMPORARY ON DATABASE {database} TO CURRENT_USER").as_str()).await?;
        connection.execute(format!("REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC").as_str()).await?;
    }
    let role = quoted(role);
    connection.execute(format!("REVOKE CREATE ON SCHEMA public FROM {role}").as_str()).await?;
    connection.execute(format!("GRANT USAGE ON SCHEMA public TO {role}").as_str()).await?;
    // A later migration may add a column whose default uses a new sequence, while the current code still inserts rows.
    let default_privileges = format!("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO {role}");
    connection.execute(default_privileges.as_str()).await?;
    Ok(())
}

/// Returns the statements that turn the role's current grants into the required ones.
pub(super) async fn changes(connection: &mut PgConnection, role: &str) -> Result<Changes, sqlx::Error> {
    let (wanted, live) = (wanted(connection).await?, live(connection, role).await?);
    let mut changes = Changes::default();
    let role = quoted(role);
    for surplus in live.difference(&wanted) {
        changes.statements.push(format!("REVOKE {} FROM {role}", surplus.in_sql()));
        changes.revoked.push(surplus.in_words());
    }
    for missing in wanted.difference(&live) {
        changes.statements.push(format!("GRANT {} TO {role}", missing.in_sql()));
        changes.granted.push(missing.in_words());
    }
    Ok(changes)
}

/// Returns the listed privileges on existing tables, plus those on the sequences of tables that the role may insert
/// into.
pub(super) async fn wanted(connection: &mut PgConnection) -> Result<BTreeSet<Privilege>, sqlx::Error> {
    let listed = list();
    let tables: Vec<String> = listed.iter().map(|one| one.object.clone()).collect();
    let filled: Vec<String> = listed.iter().filter(|one| one.name == "INSERT").map(|one| one.object.clone()).collect();
    let existing = sqlx::query_scalar!(
        r#"SELECT relname::text AS "name!" FROM pg_class
           WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname = ANY($1)"#,
        &tables
    )
    .fetch_all(&mut *connection)
    .await?;
    let sequences = sqlx::query_scalar!(
        r#"SELECT sequence.relname::text AS "name!"
           FROM pg_class AS sequence
           JOIN pg_depend ON classid = 'pg_class'::regclass AND objid = sequence.oid AND deptype = 'a' AND refobjsubid > 0
           JOIN pg_class AS owner ON refclassid = 'pg_class'::regclass AND owner.oid = refobjid
           WHERE sequence.relkind = 'S' AND owner.relnamespace = 'public'::regnamespace AND owner.relname = ANY($1)"#,
        &filled
    )
    .fetch_all(&mut *connection)
    .await?;
    let on_tables = listed.into_iter().filter(|one| existing.contains(&one.object));
    let on_sequences =
        sequences.into_iter().map(|object| Privilege { object, is_sequence: true, name: "USAGE".to_owned() });
    Ok(on_tables.chain(on_sequences).collect())
}

/// Returns the privileges in schema `public` that were granted to the role itself, including those on single columns.
async fn live(connection: &mut PgConnection, role: &str) -> Result<BTreeSet<Privilege>, sqlx::Error> {
    let granted = sqlx::query!(
        r#"SELECT relname::text AS "object!", relkind = 'S' AS "is_sequence!", privilege_type AS "name!"
           FROM pg_class, aclexplode(relacl), pg_roles
           WHERE relnamespace = 'public'::regnamespace AND rolname = $1 AND grantee = pg_roles.oid
           UNION
           SELECT relname::text, false, format('%s (%I)', privilege_type, attname)
           FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid, aclexplode(attacl), pg_roles
           WHERE relnamespace = 'public'::regnamespace AND rolname = $1 AND grantee = pg_roles.oid"#,
        role
    )
    .fetch_all(connection)
    .await?;
    Ok(granted
        .into_iter()
        .map(|one| Privilege { object: one.object, is_sequence: one.is_sequence, name: one.name })
        .collect())
}

impl Privilege {
    fn in_sql(&self) -> String {
        let kind = if self.is_sequence { "SEQUENCE" } else { "TABLE" };
        format!("{} ON {kind} public.{}", self.name, quoted(&self.object))
    }

    fn in_words(&self) -> String {
        format!("{} ON {}", self.name, self.object)
    }
}
