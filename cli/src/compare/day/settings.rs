use shared::db::Database;

use crate::compare::client::System;
use crate::compare::credentials::Credentials;

/// Systems and settings of a day.
pub struct Day<'a> {
    /// The old system alone, over its own copy.
    pub old: &'a System,
    pub new: &'a System,
    /// The old system over the new system's copy: each request goes to one of the two.
    pub old_beside_new: Option<&'a System>,
    pub old_db: &'a Database,
    pub new_db: &'a Database,
    pub credentials: &'a Credentials,
    pub seed: &'a str,
    /// Number of active participants.
    pub participants: u32,
    pub show_values: bool,
}
