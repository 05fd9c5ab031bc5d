//! `reset`: mails a link that sets a password.

use serde_json::json;
use shared::App;
use shared::audit::Action;
use shared::db::Database;
use shared::mailed_link::{self, MailedLink, Occasion};

use super::outcome::Changed;
use super::select::{Accounts, Selected};
use crate::context::{self, Context};
use crate::failure::Failure;
use crate::report::Ending;

pub async fn run(accounts: Accounts, context: &Context) -> Result<Ending, Failure> {
    let (app, _) = context.app().await?;
    mailed_link::frontend_url(&app)?;
    let db = context.database().await?;
    let selected = accounts.find(&db).await?;
    let mut outcomes = Vec::new();
    for account in &selected {
        outcomes.push(match mail_link(account, &app, &db, context).await {
            Ok(Occasion::Reset) => ("mailed".to_owned(), true),
            Ok(Occasion::Invitation) => ("mailed: an invitation".to_owned(), true),
            Err(failure) => (format!("failed: {failure}"), false),
        });
    }
    let mut outcomes = outcomes.into_iter();
    context.show(&Changed::of(&selected, |_| outcomes.next().unwrap_or_default()))
}

/// Stores the link with its audit entry before mailing it, so that an interrupted command leaves no link without an entry.
async fn mail_link(account: &Selected, app: &App, db: &Database, context: &Context) -> Result<Occasion, Failure> {
    let occasion = match (account.is_active, account.has_password) {
        (true, _) => Occasion::Reset,
        (false, false) => Occasion::Invitation,
        (false, true) => return Err(Failure::new("is deactivated").with_remedy("augmed users activate")),
    };
    let mut transaction = context::begin(db).await?;
    let emails = std::slice::from_ref(&account.email);
    let links: Vec<MailedLink> = mailed_link::store(&mut *transaction, emails, occasion).await?;
    let (resources, details) = ([account.id.to_string()], json!({ "accounts": 1 }));
    context.author().record(&mut transaction, Action::MailLinks, &resources, details).await?;
    transaction.commit().await?;
    for link in links {
        link.mail(app, &account.email).await?;
    }
    Ok(occasion)
}
