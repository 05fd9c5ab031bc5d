//! What a run found and did, as it is answered in JSON.

use serde::Serialize;

use crate::State;
use crate::application_role::RoleReport;
use crate::lint::Finding;
use crate::request::Action;

/// The answer of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// What was asked for.
    pub action: Action,
    /// What the database was before.
    pub state: State,
    /// Versions that were applied before.
    pub applied_before: Vec<i64>,
    /// What was applied, in order.
    pub applied_now: Vec<Step>,
    /// What was undone, in order.
    pub reverted_now: Vec<Step>,
    /// What is still to be applied.
    pub pending: Vec<Pending>,
    /// Whether a database of the old system was taken over.
    pub adopted: bool,
    /// Indexes of an interrupted run that were built anew.
    pub rebuilt_indexes: Vec<String>,
    /// What `up` changed about the role of functions and container, where it was given one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application_role: Option<RoleReport>,
    /// The whole in a sentence.
    pub message: String,
}

/// A migration that was applied or undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Its version.
    pub version: i64,
    /// Its name.
    pub description: String,
    /// How long it took.
    pub milliseconds: u128,
}

/// A migration that would be applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pending {
    /// Its version.
    pub version: i64,
    /// Its name.
    pub description: String,
    /// Whether it is undone as a whole when it fails.
    pub in_transaction: bool,
    /// What the lint says about it.
    pub findings: Vec<Finding>,
}
