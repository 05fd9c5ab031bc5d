use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use shared::config;
use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;

use crate::Error;

/// The application role, from the address that functions and the container connect with.
#[derive(Clone)]
pub struct ApplicationRole {
    pub(super) name: String,
    pub(super) password: SecretString,
    pub(super) options: PgConnectOptions,
}

impl ApplicationRole {
    /// Reads name and password of the role from `url`, which functions and the container connect with and which may
    /// lead to a pooler. The role is maintained in the database at `owner`.
    pub fn new(url: &SecretString, owner: &PgConnectOptions) -> Result<Self, Error> {
        let unreadable =
            || Error::Role("DATABASE_URL lacks a user or a password: add those of the service's role".to_owned());
        let (name, password) = config::credentials(url).ok_or_else(unreadable)?;
        let options = owner.clone().username(&name).password(password.expose_secret());
        let options = options.application_name("augmed-migrate").disable_statement_logging();
        Ok(Self { name, password, options })
    }
}

/// Hides the password, which sqlx's options would show.
impl fmt::Debug for ApplicationRole {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ApplicationRole").field("name", &self.name).finish_non_exhaustive()
    }
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
            let debugged = format!("{role:?}");
            assert!(debugged.contains("augmed_api") && !debugged.contains("a#@/b"), "{debugged}");
        }
    }

    #[test]
    fn refuses_an_address_without_a_password_and_does_not_repeat_it() {
        for url in ["postgresql://hunter2@db/augmed", "postgresql://db/augmed", "hunter2"] {
            let said = of(url).unwrap_err().to_string();
            assert!(said.contains("DATABASE_URL") && !said.contains("hunter2"), "{said}");
        }
    }
}
