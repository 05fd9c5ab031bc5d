//! `withdraw`: withdraws invitations.

use admin_users::queries::{self, Withdrawn};
use serde_json::json;
use shared::audit::Action;

use super::outcome::Changed;
use super::select::Accounts;
use crate::context::{self, Context};
use crate::failure::Failure;
use crate::report::Ending;

pub async fn run(accounts: Accounts, context: &Context) -> Result<Ending, Failure> {
    let db = context.database().await?;
    let selected = accounts.find(&db).await?;
    let mut transaction = context::begin(&db).await?;
    let (mut outcomes, mut gone) = (Vec::new(), Vec::new());
    for account in &selected {
        outcomes.push(match queries::withdraw(&mut transaction, account.id).await? {
            Withdrawn::Gone => {
                gone.push(account.id.to_string());
                ("withdrawn".to_owned(), true)
            }
            Withdrawn::HasSignedUp => ("unchanged: has signed up; augmed users deactivate".to_owned(), false),
            Withdrawn::Unknown => ("unchanged: no longer exists".to_owned(), true),
        });
    }
    if !gone.is_empty() {
        let details = json!({ "accounts": gone.len() });
        context.author().record(&mut transaction, Action::WithdrawInvitations, &gone, details).await?;
    }
    transaction.commit().await?;
    let mut outcomes = outcomes.into_iter();
    context.show(&Changed::of(&selected, |_| outcomes.next().unwrap_or_default()))
}
