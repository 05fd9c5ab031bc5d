//! The report of a run, serialized as JSON.

use serde::Serialize;

use crate::State;
use crate::application_role::RoleReport;
use crate::lint::Finding;
use crate::request::Action;

/// The result of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The requested action.
    pub action: Action,
    /// The state of the database before the run.
    pub state: State,
    /// The versions applied before the run.
    pub applied_before: Vec<i64>,
    /// The migrations applied by the run, in order.
    pub applied_now: Vec<Step>,
    /// The migrations undone by the run, in order.
    pub reverted_now: Vec<Step>,
    /// The migrations that are still pending.
    pub pending: Vec<Pending>,
    /// Whether the run adopted a database of the old system.
    pub adopted: bool,
    /// The indexes of an interrupted run that were rebuilt.
    pub rebuilt_indexes: Vec<String>,
    /// What `up` changed about the application role, if one is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application_role: Option<RoleReport>,
    /// A summary in one sentence.
    pub message: String,
}

/// A migration that was applied or undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The version.
    pub version: i64,
    /// The description.
    pub description: String,
    /// The duration in milliseconds.
    pub milliseconds: u128,
}

/// A migration that would be applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pending {
    /// The version.
    pub version: i64,
    /// The description.
    pub description: String,
    /// Whether a failure rolls it back entirely.
    pub in_transaction: bool,
    /// The findings of the lint.
    pub findings: Vec<Finding>,
}
