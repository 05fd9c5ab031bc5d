//! `activate`, `deactivate` and `logout`: change accounts.

use serde_json::json;
use shared::audit::Action;

use super::outcome::Changed;
use super::select::{Accounts, Selected};
use crate::context::{self, Context};
use crate::failure::Failure;
use crate::report::Ending;

pub async fn activate(accounts: Accounts, context: &Context) -> Result<Ending, Failure> {
    set_active(true, &accounts, context).await
}

pub async fn deactivate(accounts: Accounts, context: &Context) -> Result<Ending, Failure> {
    set_active(false, &accounts, context).await
}

async fn set_active(active: bool, accounts: &Accounts, context: &Context) -> Result<Ending, Failure> {
    let db = context.database().await?;
    let selected = accounts.find(&db).await?;
    // an account without a password could neither log in nor sign up any more
    let is_changed = |account: &Selected| account.is_active != active && account.has_password;
    let ids: Vec<i32> = selected.iter().filter(|account| is_changed(account)).map(|account| account.id).collect();
    let mut transaction = context::begin(&db).await?;
    // a trigger sets tokens_valid_from, which ends the sessions of deactivated accounts
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
        (false, true) if !account.has_password && !account.is_active => "unchanged: invited, has not signed up yet",
        (false, false) if !account.has_password && !account.is_active => {
            "unchanged: invited, has not signed up yet; augmed users withdraw cancels the invitation"
        }
        (false, true) => "unchanged: is active",
        (false, false) => "unchanged: is not active",
    };
    context.show(&Changed::of(&selected, |account| (outcome(account).to_owned(), true)))
}

pub async fn log_out(accounts: Accounts, context: &Context) -> Result<Ending, Failure> {
    let db = context.database().await?;
    let selected = accounts.find(&db).await?;
    // an account that has not signed up has no session, and keeps its invitation link
    let is_changed = |account: &Selected| account.is_active || account.has_password;
    let ids: Vec<i32> = selected.iter().filter(|account| is_changed(account)).map(|account| account.id).collect();
    let mut transaction = context::begin(&db).await?;
    sqlx::query!(r#"UPDATE "user" SET tokens_valid_from = clock_timestamp() WHERE id = ANY ($1)"#, &ids)
        .execute(&mut *transaction)
        .await?;
    if !ids.is_empty() {
        let resources: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let details = json!({ "accounts": ids.len() });
        context.author().record(&mut transaction, Action::LogOutAccounts, &resources, details).await?;
    }
    transaction.commit().await?;
    let outcome = |account: &Selected| {
        if is_changed(account) { "logged out" } else { "unchanged: invited, has not signed up yet" }
    };
    context.show(&Changed::of(&selected, |account| (outcome(account).to_owned(), true)))
}
