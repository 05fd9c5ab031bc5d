//! The role that functions and container connect as. It may do what their SQL does, and nothing else: it owns nothing, creates nothing,
//! truncates nothing, and cannot touch the trigger that guards the audit trail.
//!
//! `up` makes the role where it is missing and repairs it where it differs, so that a new database, an adopted one and one
//! whose grants somebody has changed end alike.

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

/// Where the role comes from: the address that functions and container connect with.
#[derive(Clone)]
pub struct ApplicationRole {
    name: String,
    password: SecretString,
    options: PgConnectOptions,
}

/// What a run changed about the role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoleReport {
    /// Its name.
    pub role: String,
    /// Whether it was missing.
    pub created: bool,
    /// Whether it could not log in with the password of its address, which is now its own.
    pub password_set: bool,
    /// `INSERT ON answer`.
    pub granted: Vec<String>,
    /// `TRUNCATE ON answer`.
    pub revoked: Vec<String>,
}

/// The whole in a sentence.
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
    /// Reads name and password of the role from `url`, with which functions and container connect, perhaps to a pooler. The role
    /// is looked after where `owner` leads.
    pub fn new(url: &SecretString, owner: &PgConnectOptions) -> Result<Self, Error> {
        let unreadable =
            || Error::Role("DATABASE_URL names no user or no password: the service connects as that user".to_owned());
        let (name, password) = config::credentials(url).ok_or_else(unreadable)?;
        let options = owner.clone().username(&name).password(password.expose_secret());
        let options = options.application_name("augmed-migrate").disable_statement_logging();
        Ok(Self { name, password, options })
    }

    /// Makes the role and its privileges what they are to be. The session is the owner's of the schema, and alone.
    pub(crate) async fn maintain(&self, owner: &mut PgConnection) -> Result<RoleReport, Error> {
        let mut transaction = owner.begin().await?;
        let created = !login::exists(&mut transaction, &self.name).await?;
        if created {
            login::create(&mut transaction, &self.name, &self.password).await?;
        }
        refusals::refuse_a_role_of_others(&mut transaction, &self.name).await?;
        privileges::close_to_everybody(&mut transaction, &self.name).await?;
        let changes = privileges::changes(&mut transaction, &self.name).await?;
        for statement in &changes.statements {
            transaction.execute(statement.as_str()).await?;
        }
        refusals::refuse_what_comes_from_elsewhere(&mut transaction, &self.name).await?;
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

/// sqlx shows the password of its options.
impl fmt::Debug for ApplicationRole {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ApplicationRole").field("name", &self.name).finish_non_exhaustive()
    }
}

/// An identifier in SQL.
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
    fn name_and_password_are_those_of_the_address() {
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
    fn an_address_without_a_password_is_refused_without_being_repeated() {
        for url in ["postgresql://hunter2@db/augmed", "postgresql://db/augmed", "hunter2"] {
            let said = of(url).unwrap_err().to_string();
            assert!(said.contains("DATABASE_URL") && !said.contains("hunter2"), "{said}");
        }
    }

    #[test]
    fn an_identifier_is_quoted() {
        assert_eq!(quoted(r#"a"b"#), r#""a""b""#);
    }
}
