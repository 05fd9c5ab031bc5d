//! `activate`, `deactivate` and `reset`.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::json;
use shared::App;
use shared::audit::Action;
use shared::db::Database;

use super::select::{Accounts, Selected};
use crate::context::{self, Context};
use crate::failure::Failure;
use crate::report::{Ending, Report};
use crate::table;

pub async fn activate(accounts: Accounts, context: &Context) -> Result<Ending, Failure> {
    set_active(true, &accounts, context).await
}

pub async fn deactivate(accounts: Accounts, context: &Context) -> Result<Ending, Failure> {
    set_active(false, &accounts, context).await
}

async fn set_active(active: bool, accounts: &Accounts, context: &Context) -> Result<Ending, Failure> {
    let db = context.database().await?;
    let selected = accounts.find(&db).await?;
    // one without a password cannot log in however active it is, and could not sign up any more
    let is_changed = |account: &Selected| account.is_active != active && account.has_password;
    let ids: Vec<i32> = selected.iter().filter(|account| is_changed(account)).map(|account| account.id).collect();
    let mut transaction = context::begin(&db).await?;
    sqlx::query!(
        r#"UPDATE "user" SET active = $1, modified_timestamp = now() AT TIME ZONE 'UTC' WHERE id = ANY ($2)"#,
        active,
        &ids
    )
    .execute(&mut *transaction)
    .await?;
    if !ids.is_empty() {
        let action = if active { Action::ActivateAccounts } else { Action::DeactivateAccounts };
        let resources: Vec<String> = ids.iter().map(ToString::to_string).collect();
        context.author().record(&mut transaction, action, &resources, json!({ "accounts": ids.len() })).await?;
    }
    transaction.commit().await?;
    let outcome = |account: &Selected| match (is_changed(account), active) {
        (true, true) => "activated",
        (true, false) => "deactivated",
        (false, _) if !account.has_password && !account.is_active => "unchanged: invited, has not signed up yet",
        (false, true) => "unchanged: is active",
        (false, false) => "unchanged: is not active",
    };
    context.show(&Changed::of(&selected, |account| (outcome(account).to_owned(), true)))
}

pub async fn reset(accounts: Accounts, context: &Context) -> Result<Ending, Failure> {
    let (app, _) = context.app().await?;
    let db = context.database().await?;
    let selected = accounts.find(&db).await?;
    let mut outcomes = Vec::new();
    for account in &selected {
        outcomes.push(match mail_link(account, &app, &db, context).await {
            Ok(()) => ("mailed".to_owned(), true),
            Err(failure) => (format!("failed: {failure}"), false),
        });
    }
    let mut outcomes = outcomes.into_iter();
    context.show(&Changed::of(&selected, |_| outcomes.next().unwrap_or_default()))
}

/// The entry is there with the token, and so before the mail: whoever ends the command leaves no link that the trail does not know.
async fn mail_link(account: &Selected, app: &App, db: &Database, context: &Context) -> Result<(), Failure> {
    let mut transaction = context::begin(db).await?;
    let token = auth_reset_password_request::store_token(&mut *transaction, &account.email).await?;
    let (resources, details) = ([account.id.to_string()], json!({ "accounts": 1 }));
    context.author().record(&mut transaction, Action::MailLinks, &resources, details).await?;
    transaction.commit().await?;
    auth_reset_password_request::mail_link(app, &account.email, &token).await?;
    Ok(())
}

#[derive(Serialize)]
struct Outcome {
    id: i32,
    email: String,
    outcome: String,
    #[serde(skip)]
    is_done: bool,
}

#[derive(Serialize)]
#[serde(transparent)]
struct Changed(Vec<Outcome>);

impl Changed {
    fn of(accounts: &[Selected], mut outcome: impl FnMut(&Selected) -> (String, bool)) -> Self {
        let outcomes = accounts.iter().map(|account| {
            let (outcome, is_done) = outcome(account);
            Outcome { id: account.id, email: account.email.clone(), outcome, is_done }
        });
        Self(outcomes.collect())
    }
}

impl Report for Changed {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let rows = self.0.iter().map(|one| [one.id.to_string(), one.email.clone(), one.outcome.clone()]);
        writeln!(out, "{}", table::of(["id", "email", "outcome"], rows))
    }

    fn ending(&self) -> Ending {
        if self.0.iter().all(|one| one.is_done) { Ending::Done } else { Ending::FoundWrong }
    }
}
