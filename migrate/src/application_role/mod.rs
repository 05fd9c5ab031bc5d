//! The role that functions and the container connect as. It has exactly the privileges that their SQL needs: it owns
//! nothing, creates nothing, truncates nothing, and cannot disable the trigger that guards the audit trail.
//!
//! `up` creates the role if it is missing and repairs its grants if they differ. So the grants are the same in new
//! databases, in adopted ones, and in ones whose grants somebody changed.

mod login;
mod privileges;
mod quoted;
mod refusals;
mod role;

use std::fmt;

use serde::Serialize;
use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::Error;

pub use self::privileges::{Privilege, list};
pub use self::role::ApplicationRole;

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
        write!(formatter, "application role {role}: {}", if *created { "created" } else { "already exists" })?;
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
