//! `augmed token`: prints a token without a login, for testing.

use std::io::{self, Write};

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use serde::Serialize;
use serde_json::json;
use shared::audit::Action;

use crate::context::{self, Context};
use crate::failure::Failure;
use crate::report::{Ending, Report};

const AFTER_HELP: &str = "\
Anybody who has the token acts as this account until the token expires: sees its cases and answers in its name; with an administrator's token
also exports everything, assigns cases and invites accounts. A new password, `augmed users logout` and `augmed users deactivate` invalidate it.

Examples:
  TOKEN=$(augmed token ines@clinic.example)
  curl https://study.example/api/cases -H \"Authorization: Bearer $TOKEN\"";

/// Print a token without a login, for testing.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// Address or id of an active account.
    account: String,
}

pub async fn run(arguments: Arguments, context: &Context) -> Result<Ending, Failure> {
    let (app, config) = context.app().await?;
    let db = context.database().await?;
    let account = sqlx::query!(
        r#"SELECT id, email, tokens_valid_from, active IS TRUE AS "is_active!", admin_flag IS TRUE AS "is_admin!",
                  now() AS "now!"
           FROM "user" WHERE email = $1 OR id::text = $1"#,
        arguments.account
    )
    .fetch_optional(&db)
    .await?
    .ok_or_else(|| Failure::new("there is no such account").with_remedy("augmed users list"))?;
    if !account.is_active {
        let problem = format!("account {} is not active, so its token would be refused", account.id);
        return Err(Failure::new(problem).with_remedy("let its owner sign up, or run augmed users activate"));
    }
    // PostgreSQL's clock, because it also dates the events that end sessions
    let now = account.tokens_valid_from.map_or(account.now, |valid_from| valid_from.max(account.now));
    let token = app.tokens.issue_for_inspection(&account.email, account.is_admin, now);
    let token = token.map_err(|error| Failure::new(error.to_string()))?;
    let mut transaction = context::begin(&db).await?;
    context.author().record(&mut transaction, Action::IssueToken, &[account.id.to_string()], json!({})).await?;
    transaction.commit().await?;
    let lifetime = TimeDelta::from_std(config.access_token_expires).unwrap_or_default();
    context.show(&Issued { token, account_id: account.id, is_admin: account.is_admin, expires: now + lifetime })
}

#[derive(Serialize)]
struct Issued {
    token: String,
    account_id: i32,
    is_admin: bool,
    expires: DateTime<Utc>,
}

impl Report for Issued {
    /// Writes only the token to `out`, so that scripts can use it.
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let may = if self.is_admin {
            "it is an administrator's: anybody who has it can export everything, assign cases and invite accounts"
        } else {
            "anybody who has it sees this account's cases and can answer in its name"
        };
        let yellow = anstyle::AnsiColor::Yellow.on_default().bold();
        anstream::eprintln!(
            "{yellow}warning:{yellow:#} for account {} until {:.0}; {may}",
            self.account_id,
            self.expires.format("%F %H:%M UTC")
        );
        writeln!(out, "{}", self.token)
    }
}
