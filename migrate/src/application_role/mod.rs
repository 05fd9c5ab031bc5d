//! The role that functions and the container connect as. It has exactly the privileges that their SQL needs: it owns
//! nothing, creates nothing, truncates nothing, and cannot disable the trigger that guards the audit trail.
//!
//! `up` creates the role if it is missing and repairs its grants if they differ, so that new databases, adopted ones,
//! and ones with changed grants end up the same.

mod login;
mod privileges;
mod refusals;

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use shared::config;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgConnection};

use crate::Error;

pub use self::privileges::{Privilege, list};

/// The application role, from the address that functions and the container connect with.
#[derive(Clone)]
pub struct ApplicationRole {
    name: String,
    password: SecretString,
    options: PgConnectOptions,
}

/// What a run changed about the role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoleReport {
    /// The name of the role.
    pub role: String,
    /// Whether the run created the role.
    pub created: bool,
    /// Whether the run set the role's password, because the one in the address was refused.
    pub password_set: bool,
    /// Granted privileges, for example `INSERT ON answer`.
    pub granted: Vec<String>,
    /// Revoked privileges, for example `TRUNCATE ON answer`.
    pub revoked: Vec<String>,
}

/// Summarizes the report in a sentence.
impl fmt::Display for RoleReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { role, created, password_set, granted, revoked } = self;
        write!(formatter, "application role {role}: {}", if *created { "created" } else { "was there" })?;
        if *password_set {
            write!(formatter, ", password set")?;
        }
        for (done, rights) in [("granted", granted), ("revoked", revoked)] {
            if !rights.is_empty() {
                write!(formatter, ", {done} {}", rights.join(", "))?;
            }
        }
        Ok(())
    }
}

impl ApplicationRole {
    /// Reads name and password of the role from `url`, which functions and the container connect with and which may
    /// lead to a pooler. The role is maintained in the database at `owner`.
    pub fn new(url: &SecretString, owner: &PgConnectOptions) -> Result<Self, Error> {
        let unreadable =
            || Error::Role("DATABASE_URL lacks a user or a password: the service connects as that user".to_owned());
        let (name, password) = config::credentials(url).ok_or_else(unreadable)?;
        let options = owner.clone().username(&name).password(password.expose_secret());
        let options = options.application_name("augmed-migrate").disable_statement_logging();
        Ok(Self { name, password, options })
    }

    /// Creates or repairs the role and its privileges. `owner` is a session of the schema's owner that holds the run
    /// lock.
    pub(crate) async fn maintain(&self, owner: &mut PgConnection) -> Result<RoleReport, Error> {
        let mut transaction = owner.begin().await?;
        let created = !login::exists(&mut transaction, &self.name).await?;
        if created {
            login::create(&mut transaction, &self.name, &self.password).await?;
        }
        refusals::refuse_unsuitable_role(&mut transaction, &self.name).await?;
        privileges::revoke_public_privileges(&mut transaction, &self.name).await?;
        let changes = privileges::changes(&mut transaction, &self.name).await?;
        for statement in &changes.statements {
            transaction.execute(statement.as_str()).await?;
        }
        refusals::refuse_surplus_privileges(&mut transaction, &self.name).await?;
        transaction.commit().await?;
        let password_set = !created && login::set_password_if_refused(owner, self).await?;
        Ok(RoleReport {
            role: self.name.clone(),
            created,
            password_set,
            granted: changes.granted,
            revoked: changes.revoked,
        })
    }
}

/// Hides the password, which sqlx's options would show.
impl fmt::Debug for ApplicationRole {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ApplicationRole").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Quotes an identifier.
fn quoted(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(url: &str) -> Result<ApplicationRole, Error> {
        ApplicationRole::new(&url.into(), &"postgresql://owner:secret@db.test/augmed".parse().unwrap())
    }

    #[test]
    fn reads_name_and_password_from_the_address() {
        for url in [
            "postgresql+psycopg2://augmed_api:a#%40%2Fb@pooler.test:5432/augmed?sslmode=verify-full",
            "postgresql:///?host=pooler.test&user=augmed_api&password=a%23%40%2Fb&dbname=augmed",
        ] {
            let role = of(url).unwrap();

            assert_eq!((role.name.as_str(), role.password.expose_secret()), ("augmed_api", "a#@/b"));
            assert_eq!((role.options.get_host(), role.options.get_username()), ("db.test", "augmed_api"));
            assert!(!format!("{role:?}").contains("a#@/b"));
        }
    }

    #[test]
    fn refuses_an_address_without_a_password_and_does_not_repeat_it() {
        for url in ["postgresql://hunter2@db/augmed", "postgresql://db/augmed", "hunter2"] {
            let said = of(url).unwrap_err().to_string();
            assert!(said.contains("DATABASE_URL") && !said.contains("hunter2"), "{said}");
        }
    }

    #[test]
    fn quotes_identifiers() {
        assert_eq!(quoted(r#"a"b"#), r#""a""b""#);
    }
}
