//! The application role, with which functions and container connect: its rights, and their repair by `up`.

use std::collections::BTreeSet;

use migrate::Error;
use migrate::application_role::{RoleReport, list};
use sqlx::{Connection as _, Executor as _, PgConnection};
use tests::db::TestDb;
use url::Url;

use crate::statements::statements;
use crate::support::{execute, old_system, texts, up_with_role};

/// SQLSTATE of a statement that needs further rights.
const INSUFFICIENT_PRIVILEGE: &str = "42501";

/// A separate role for each test, because tests share the server, to which roles belong.
pub struct Role {
    pub name: String,
    url: String,
    owner: String,
}

impl Role {
    pub fn of(db: &TestDb) -> Self {
        let name = format!("test_role_{:016x}", rand::random::<u64>());
        let mut url: Url = db.url().parse().unwrap();
        url.set_username(&name).unwrap();
        url.set_password(Some("first")).unwrap();
        Self { name, url: url.into(), owner: db.url() }
    }

    pub async fn up(&self) -> Result<RoleReport, Error> {
        up_with_role(&self.url, &self.owner).await
    }

    pub async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }

    pub async fn drop(self, db: &TestDb) {
        execute(db, &format!("DROP OWNED BY {0}; DROP ROLE {0}", self.name)).await;
    }
}

/// Returns a database with all migrations and its application role.
pub async fn migrated_with_role() -> (TestDb, Role) {
    let db = TestDb::new().await;
    let role = Role::of(&db);
    role.up().await.unwrap();
    (db, role)
}

/// Returns the SQLSTATE of a refused statement, or `None` if it succeeds.
pub async fn refusal(connection: &mut PgConnection, sql: &str) -> Option<String> {
    let mut transaction = connection.begin().await.unwrap();
    let error = transaction.execute(sql).await.err()?;
    Some(error.as_database_error()?.code()?.into_owned())
}

#[tokio::test]
async fn a_new_and_an_adopted_database_grant_the_same_rights() {
    for db in [TestDb::empty().await, old_system().await] {
        let role = Role::of(&db);

        let report = role.up().await.unwrap();

        assert!(report.created);
        let granted = format!(
            "SELECT relname || ' ' || privilege_type FROM pg_class, aclexplode(relacl)
             WHERE grantee = '{}'::regrole AND relkind <> 'S' ORDER BY 1",
            role.name
        );
        let wanted: BTreeSet<_> = list().into_iter().map(|one| format!("{} {}", one.object, one.name)).collect();
        assert_eq!(texts(&db, &granted).await.into_iter().collect::<BTreeSet<_>>(), wanted);
        role.drop(&db).await;
    }
}

#[tokio::test]
async fn statements_that_no_code_needs_are_refused() {
    let (db, role) = migrated_with_role().await;
    let mut connection = role.connect().await;

    for sql in [
        "DROP TRIGGER audit_entry_is_append_only ON audit_entry",
        "ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_is_append_only",
        "ALTER TABLE audit_entry OWNER TO CURRENT_USER",
        "DROP FUNCTION refuse_change_of_audit_entry() CASCADE",
        "SET session_replication_role = replica",
        "UPDATE audit_entry SET action = 'nothing'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "TRUNCATE answer",
        "DELETE FROM answer",
        "UPDATE answer SET answer = NULL",
        r#"TRUNCATE "user""#,
        "DROP TABLE answer",
        "INSERT INTO person (person_id) VALUES (1)",
        "SELECT * FROM _sqlx_migrations",
        "CREATE TABLE mine (id integer)",
        "CREATE TEMPORARY TABLE mine (id integer)",
        "CREATE FUNCTION mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "CREATE SCHEMA mine",
        "CREATE INDEX ON answer (id)",
        "CREATE ROLE somebody",
        "COPY answer TO PROGRAM 'cat'",
    ] {
        assert_eq!(refusal(&mut connection, sql).await.as_deref(), Some(INSUFFICIENT_PRIVILEGE), "{sql}");
    }
    connection.close().await.unwrap();
    role.drop(&db).await;
}

#[tokio::test]
async fn the_role_has_exactly_the_rights_that_functions_and_container_need() {
    let (db, role) = migrated_with_role().await;
    let statements = statements(&["functions", "shared", "server"]);
    assert!(statements.len() > 40, "{}", statements.len());
    let mut owner = PgConnection::connect(&db.url()).await.unwrap();

    for sql in &statements {
        assert_eq!(explained(&mut owner, &role, "", sql).await, None, "{sql}");
    }
    for right in list() {
        let without = format!(r#"REVOKE {} ON "{}" FROM {};"#, right.name, right.object, role.name);
        let mut needed = false;
        for sql in statements.iter().filter(|sql| sql.contains(&right.object) || sql.contains("account_named")) {
            needed |= explained(&mut owner, &role, &without, sql).await.is_some();
        }
        assert!(needed, "{right:?} is needed by no statement");
    }
    owner.close().await.unwrap();
    role.drop(&db).await;
}

/// Plans a statement as the role after `first`, and rolls back. Returns the SQLSTATE of a refusal: starting a plan checks rights.
async fn explained(owner: &mut PgConnection, role: &Role, first: &str, sql: &str) -> Option<String> {
    let mut transaction = owner.begin().await.unwrap();
    let parameters = (1..=99).take_while(|number| sql.contains(&format!("${number}"))).count();
    let nulls = vec!["NULL"; parameters].join(", ");
    let run = if sql.starts_with("LOCK") {
        sql.to_owned()
    } else {
        let arguments = if parameters == 0 { String::new() } else { format!("({nulls})") };
        format!("PREPARE of_test AS {sql}; EXPLAIN EXECUTE of_test{arguments}; DEALLOCATE of_test")
    };
    let as_role =
        format!("{first} SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL ROLE {}; {run}", role.name);
    let error = transaction.execute(as_role.as_str()).await.err();
    transaction.rollback().await.unwrap();
    // prepared statements survive the rollback
    owner.execute("DEALLOCATE ALL").await.unwrap();
    let error = error?;
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code).map(std::borrow::Cow::into_owned);
    assert_eq!(code.as_deref(), Some(INSUFFICIENT_PRIVILEGE), "{error}: {sql}");
    code
}

#[tokio::test]
async fn only_commands_of_the_owner_need_more_rights() {
    let (db, role) = migrated_with_role().await;
    let mut owner = PgConnection::connect(&db.url()).await.unwrap();
    let statements = statements(&["cli/src"]);
    assert!(statements.len() > 20, "{}", statements.len());

    let mut refused = BTreeSet::new();
    for sql in &statements {
        if explained(&mut owner, &role, "", sql).await.is_some() {
            refused.insert(sql.lines().next().unwrap_or_default());
        }
    }

    // `page-config set`; sqlx does not know the statements of `load`, `demo` and `migrate`
    let of_page_config = "INSERT INTO system_config (id, json_config) VALUES ('page_config', $1::text::json)";
    assert_eq!(refused, BTreeSet::from([of_page_config]));
    owner.close().await.unwrap();
    role.drop(&db).await;
}

#[tokio::test]
async fn the_list_names_existing_tables_and_public_rights_are_refused() {
    let (db, role) = migrated_with_role().await;
    let tables = "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'";
    let tables: BTreeSet<_> = texts(&db, tables).await.into_iter().collect();

    let listed: BTreeSet<_> = list().into_iter().map(|one| one.object).collect();
    assert!(listed.is_subset(&tables), "{listed:?}");
    for table in &tables {
        execute(&db, &format!(r#"GRANT TRUNCATE ON "{table}" TO PUBLIC"#)).await;
    }
    let said = role.up().await.unwrap_err().to_string();
    let accepted: Vec<_> = tables.iter().filter(|table| !said.contains(&format!("TRUNCATE ON {table}"))).collect();
    assert!(accepted.is_empty(), "{accepted:?}");
    role.drop(&db).await;
}

#[tokio::test]
async fn a_run_repairs_changed_rights_and_reports_it() {
    let (db, role) = migrated_with_role().await;
    let name = &role.name;
    execute(&db, &format!("GRANT TRUNCATE ON answer TO {name}; REVOKE INSERT ON answer FROM {name}")).await;
    execute(&db, &format!("GRANT UPDATE (action) ON audit_entry TO {name}; ALTER ROLE {name} NOLOGIN")).await;

    let report = role.up().await.unwrap();

    assert_eq!(report.granted, ["INSERT ON answer"]);
    assert_eq!(report.revoked, ["TRUNCATE ON answer", "UPDATE (action) ON audit_entry"]);
    assert!(report.password_set && !report.created);
    let again = role.up().await.unwrap();
    assert_eq!((again.granted.len(), again.revoked.len(), again.password_set), (0, 0, false));
    role.drop(&db).await;
}

#[tokio::test]
async fn a_role_with_too_many_rights_is_refused() {
    let db = TestDb::new().await;
    let role = Role::of(&db);
    let name = &role.name;
    execute(&db, "GRANT DELETE ON answer TO PUBLIC").await;
    let said = role.up().await.unwrap_err().to_string();
    assert!(said.contains("DELETE ON answer") && said.contains("PUBLIC"), "{said}");

    execute(&db, "REVOKE DELETE ON answer FROM PUBLIC").await;
    execute(&db, &format!("CREATE ROLE {name} LOGIN; GRANT pg_read_all_data TO {name}")).await;
    let said = role.up().await.unwrap_err().to_string();
    assert!(said.contains("is a member of pg_read_all_data"), "{said}");

    let owner = Role { url: db.url().replace('@', ":x@"), ..Role::of(&db) };
    assert!(owner.up().await.is_err());
    role.drop(&db).await;
}
