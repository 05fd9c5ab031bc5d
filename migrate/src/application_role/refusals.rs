//! Refuses a role with privileges that do not come from its own grants, because we must not revoke those.

use sqlx::PgConnection;

use super::privileges;
use crate::{Error, catalog};

/// The checked privileges on tables. The role must have only those that the list names.
const CHECKED_PRIVILEGES: [&str; 7] = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"];
/// Our tables that the list of privileges does not name.
const UNLISTED: [&str; 2] = ["_sqlx_migrations", "login_failure"];

/// Refuses the owner itself, and a role that has attributes, objects or memberships beyond logging in.
pub(super) async fn refuse_unsuitable_role(connection: &mut PgConnection, role: &str) -> Result<(), Error> {
    let found = sqlx::query!(
        r#"SELECT rolname = current_user AS "is_owner!",
                  rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls AS "has_attributes!",
                  EXISTS (SELECT FROM pg_class WHERE relowner = pg_roles.oid) AS "owns!",
                  ARRAY(SELECT quote_ident(roleid::regrole::text) FROM pg_auth_members WHERE member = pg_roles.oid) AS "memberships!"
           FROM pg_roles WHERE rolname = $1"#,
        role
    )
    .fetch_one(connection)
    .await?;
    let reason = if found.is_owner {
        "is the owner of the schema, which DATABASE_OWNER_URL names".to_owned()
    } else if found.has_attributes {
        "is a superuser, or may create roles or databases, replicate, or bypass row level security".to_owned()
    } else if found.owns {
        "owns tables or other relations".to_owned()
    } else if !found.memberships.is_empty() {
        format!("is a member of {}", found.memberships.join(", "))
    } else {
        return Ok(());
    };
    Err(Error::Role(format!(
        "the role {role} of DATABASE_URL {reason}: use a separate role there; `up` creates it if it is missing"
    )))
}

/// Refuses privileges beyond the list, for example from a grant to PUBLIC.
pub(super) async fn refuse_surplus_privileges(connection: &mut PgConnection, role: &str) -> Result<(), Error> {
    let wanted = privileges::wanted(connection).await?;
    let (tables, names): (Vec<_>, Vec<_>) = wanted.into_iter().map(|one| (one.object, one.name)).unzip();
    let listed = privileges::list().into_iter().map(|one| one.object);
    let known: Vec<String> = catalog::expected().into_keys().chain(listed).chain(UNLISTED.map(str::to_owned)).collect();
    let surplus = sqlx::query_scalar!(
        r#"SELECT format('%s ON %s', privilege, relname) AS "what!"
           FROM pg_class, unnest($2::text[]) AS privilege
           WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname = ANY($3)
             AND has_table_privilege($1, pg_class.oid, privilege)
             AND (relname::text, privilege) NOT IN (SELECT * FROM unnest($4::text[], $5::text[]))
           UNION ALL
           SELECT 'CREATE ON SCHEMA public' WHERE has_schema_privilege($1, 'public', 'CREATE')
           UNION ALL
           SELECT format('%s ON DATABASE %I', privilege, current_database()) FROM unnest(ARRAY['CREATE', 'TEMPORARY']) AS privilege
           WHERE has_database_privilege($1, current_database(), privilege)
           ORDER BY 1"#,
        role,
        &CHECKED_PRIVILEGES.map(str::to_owned)[..],
        &known,
        &tables,
        &names
    )
    .fetch_all(connection)
    .await?;
    if surplus.is_empty() {
        return Ok(());
    }
    Err(Error::Role(format!(
        "the role {role} of DATABASE_URL has more privileges than it needs, probably granted to PUBLIC: {}. REVOKE them FROM PUBLIC, as the owner of these objects",
        surplus.join(", ")
    )))
}
