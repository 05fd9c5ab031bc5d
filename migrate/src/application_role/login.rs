//! Checks whether the role exists and can log in.

use postgres_protocol::password::scram_sha_256;
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::{Connection as _, Executor as _, PgConnection};

use super::quoted::quoted;
use super::role::ApplicationRole;
use crate::Error;

/// SQLSTATEs of a refused login: no such role or no LOGIN privilege, wrong password.
const REFUSED: [&str; 2] = ["28000", "28P01"];
/// SQLSTATE of a statement that lacks a privilege.
const INSUFFICIENT_PRIVILEGE: &str = "42501";

pub(super) async fn exists(connection: &mut PgConnection, role: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS "exists!""#, role)
        .fetch_one(connection)
        .await
}

pub(super) async fn create(connection: &mut PgConnection, role: &str, password: &SecretString) -> Result<(), Error> {
    let statement = format!("CREATE ROLE {} LOGIN PASSWORD '{}'", quoted(role), verifier(password));
    connection.execute(statement.as_str()).await.map_err(|error| permission_error(role, "CREATE ROLE", error))?;
    Ok(())
}

/// Sets the password from the address if the server refuses it. Returns whether it did.
pub(super) async fn set_password_if_refused(
    owner: &mut PgConnection,
    application: &ApplicationRole,
) -> Result<bool, Error> {
    match log_in(application).await {
        Err(sqlx::Error::Database(error)) if error.code().is_some_and(|code| REFUSED.contains(&&*code)) => {}
        other => return other.map(|()| false).map_err(Error::from),
    }
    let role = &application.name;
    let statement = format!("ALTER ROLE {} LOGIN PASSWORD '{}'", quoted(role), verifier(&application.password));
    owner.execute(statement.as_str()).await.map_err(|error| permission_error(role, "ALTER ROLE", error))?;
    log_in(application).await?;
    Ok(true)
}

async fn log_in(application: &ApplicationRole) -> Result<(), sqlx::Error> {
    PgConnection::connect_with(&application.options).await?.close().await
}

/// Returns the SCRAM verifier that the server stores: the password itself appears in no statement, hence in no log.
fn verifier(password: &SecretString) -> String {
    scram_sha_256(password.expose_secret().as_bytes())
}

fn permission_error(role: &str, statement: &str, error: sqlx::Error) -> Error {
    match error.as_database_error().and_then(sqlx::error::DatabaseError::code).as_deref() {
        Some(INSUFFICIENT_PRIVILEGE) => Error::Role(format!(
            "the user of DATABASE_OWNER_URL may not {statement} {}: give it CREATEROLE, or let a user who has it create the role",
            quoted(role)
        )),
        _ => error.into(),
    }
}
