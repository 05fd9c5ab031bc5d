//! The audit trail for a study's ethics board: who changed what participants see, who created accounts, who exported
//! data.
//!
//! An entry is written in the transaction of its change, so that neither exists without the other. It holds ids, counts
//! and the words defined in this file, but no clinical data, no addresses and no keys.

use axum::http::HeaderValue;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::PgExecutor;
use sqlx::postgres::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::Database;
use crate::http::RequestId;

/// Who performed an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A person, by the account's id.
    Account(i32),
    /// A holder of `ADMIN_API_KEY`.
    AdminKey,
    /// A holder of `EXPORT_API_KEY`.
    ExportKey,
    /// A user of `augmed`, the command line, who has access to the database.
    Cli,
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
pub enum Action {
    /// An uploaded file replaced all assignments.
    #[serde(rename = "assignments.replace")]
    ReplaceAssignments,
    /// An uploaded file added and updated assignments.
    #[serde(rename = "assignments.upload")]
    UploadAssignments,
    /// A service added assignments.
    #[serde(rename = "assignments.add")]
    AddAssignments,
    /// Assignments were removed.
    #[serde(rename = "assignments.clear")]
    ClearAssignments,
    /// The configuration of what a case shows was replaced.
    #[serde(rename = "page-config.set")]
    SetPageConfig,
    /// A new questionnaire was published.
    #[serde(rename = "questionnaire.publish")]
    PublishQuestionnaire,
    /// Accounts were created.
    #[serde(rename = "accounts.invite")]
    InviteAccounts,
    /// Accounts may log in again.
    #[serde(rename = "accounts.activate")]
    ActivateAccounts,
    /// Accounts may not log in any more.
    #[serde(rename = "accounts.deactivate")]
    DeactivateAccounts,
    /// Invitations were withdrawn, and their accounts deleted.
    #[serde(rename = "accounts.withdraw")]
    WithdrawInvitations,
    /// The tokens and mailed links of accounts were invalidated.
    #[serde(rename = "accounts.log-out")]
    LogOutAccounts,
    /// A link to set a new password was created for each account, to be mailed.
    #[serde(rename = "accounts.mail-link")]
    MailLinks,
    /// A token was issued without a login.
    #[serde(rename = "account.issue-token")]
    IssueToken,
    /// An invited account chose its password and became active.
    #[serde(rename = "account.sign-up")]
    SignUp,
    /// The holder of a mailed link chose a new password.
    #[serde(rename = "account.reset-password")]
    ResetPassword,
    /// An experiment was created.
    #[serde(rename = "experiment.create")]
    CreateExperiment,
    /// An experiment was started, paused, completed or archived.
    #[serde(rename = "experiment.set-status")]
    SetExperimentStatus,
    /// A run of an experiment's policy was requested.
    #[serde(rename = "run.create")]
    CreateRun,
    /// A run started, completed or failed.
    #[serde(rename = "run.set-status")]
    SetRunStatus,
    /// Vocabulary or clinical data were loaded.
    #[serde(rename = "data.load")]
    LoadData,
    /// A page of an export was sent.
    #[serde(rename = "data.export")]
    ExportData,
}

impl Action {
    /// Returns the name under which the action is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReplaceAssignments => "assignments.replace",
            Self::UploadAssignments => "assignments.upload",
            Self::AddAssignments => "assignments.add",
            Self::ClearAssignments => "assignments.clear",
            Self::SetPageConfig => "page-config.set",
            Self::PublishQuestionnaire => "questionnaire.publish",
            Self::InviteAccounts => "accounts.invite",
            Self::ActivateAccounts => "accounts.activate",
            Self::DeactivateAccounts => "accounts.deactivate",
            Self::WithdrawInvitations => "accounts.withdraw",
            Self::LogOutAccounts => "accounts.log-out",
            Self::MailLinks => "accounts.mail-link",
            Self::IssueToken => "account.issue-token",
            Self::SignUp => "account.sign-up",
            Self::ResetPassword => "account.reset-password",
            Self::CreateExperiment => "experiment.create",
            Self::SetExperimentStatus => "experiment.set-status",
            Self::CreateRun => "run.create",
            Self::SetRunStatus => "run.set-status",
            Self::LoadData => "data.load",
            Self::ExportData => "data.export",
        }
    }
}

/// Who performs an action, and in which request.
#[derive(Clone, Debug)]
pub struct Author {
    /// The actor.
    pub actor: Actor,
    /// The `request_id` of the log lines.
    pub request_id: RequestId,
}

impl Author {
    /// Returns the author for a command of `augmed`, with a new id for each run.
    pub fn of_command() -> Self {
        let id = HeaderValue::try_from(Uuid::new_v4().to_string());
        Self { actor: Actor::Cli, request_id: RequestId(id.unwrap_or(HeaderValue::from_static("-"))) }
    }

    /// Adds an entry in the transaction of `connection`. `resources` are the ids of what was created or changed;
    /// `details` holds numbers and states.
    pub async fn record(
        &self,
        connection: &mut PgConnection,
        action: Action,
        resources: &[String],
        details: Value,
    ) -> Result<(), sqlx::Error> {
        self.insert(connection, action, resources, details).await
    }

    /// Adds an entry for an action that changes nothing else.
    pub async fn record_alone(
        &self,
        db: &Database,
        action: Action,
        resources: &[String],
        details: Value,
    ) -> Result<(), sqlx::Error> {
        self.insert(db, action, resources, details).await
    }

    async fn insert(
        &self,
        executor: impl PgExecutor<'_>,
        action: Action,
        resources: &[String],
        details: Value,
    ) -> Result<(), sqlx::Error> {
        let (actor, account_id) = match self.actor {
            Actor::Account(id) => ("account", Some(id)),
            Actor::AdminKey => ("admin key", None),
            Actor::ExportKey => ("export key", None),
            Actor::Cli => ("cli", None),
        };
        sqlx::query!(
            "INSERT INTO audit_entry (actor, account_id, action, resources, details, request_id)
             VALUES ($1, $2, $3, $4, $5, $6)",
            actor,
            account_id,
            action.as_str(),
            resources,
            details,
            self.request_id.as_str()
        )
        .execute(executor)
        .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_stored_under_its_serialized_name() {
        let document = serde_json::to_value(<Action as utoipa::PartialSchema>::schema()).unwrap();
        let names = document["enum"].as_array().unwrap();

        assert!(!names.is_empty());
        for name in names {
            let action: Action = serde_json::from_value(name.clone()).unwrap();
            assert_eq!(name, action.as_str());
        }
    }
}
