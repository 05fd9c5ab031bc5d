//! `augmed users`: manages accounts.

mod change;
mod invite;
mod list;
mod outcome;
mod prolific;
mod reset;
mod select;
mod withdraw;

use clap::{Args, Subcommand};

use crate::context::Context;
use crate::failure::Failure;
use crate::report::Ending;

const AFTER_HELP: &str = "\
A file of people is CSV with the columns email, name, position, employer, area_of_clinical_ex, of which only the first is required; or
addresses, one per line or separated by commas, semicolons or tabs.

Examples:
  augmed users invite ines@clinic.example tomas@clinic.example
  augmed users invite --file participants.csv
  augmed users invite --prolific prolific_export.csv --sample 100 --seed round-1
  augmed users list
  augmed users deactivate 17                 accounts can also be given by id
  augmed users withdraw tomas@clinic.example withdraws an invitation
  augmed users logout ines@clinic.example    ends all sessions
  augmed users reset ines@clinic.example     mails a link that sets a new password";

/// Manage participants' accounts.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Create accounts. With SIGNUP=by-mail, mail their owners a link to choose a password; otherwise they sign up with their address.
    Invite(invite::Arguments),
    /// List all accounts.
    List,
    /// Let deactivated accounts log in again.
    Activate(select::Accounts),
    /// Prevent accounts from logging in, and invalidate their tokens. Their answers are kept.
    Deactivate(select::Accounts),
    /// Withdraw invitations: remove the accounts and invalidate their links. Their assignments are kept.
    Withdraw(select::Accounts),
    /// End the sessions of accounts: earlier tokens and mailed links are refused. Their owners have to log in again.
    Logout(select::Accounts),
    /// Mail a link, valid for two days, that sets a new password; to people who have not signed up yet, a new invitation, valid for a week.
    Reset(select::Accounts),
}

pub async fn run(arguments: Arguments, context: &Context) -> Result<Ending, Failure> {
    match arguments.action {
        Action::Invite(arguments) => invite::run(arguments, context).await,
        Action::List => list::run(context).await,
        Action::Activate(accounts) => change::activate(accounts, context).await,
        Action::Deactivate(accounts) => change::deactivate(accounts, context).await,
        Action::Withdraw(accounts) => withdraw::run(accounts, context).await,
        Action::Logout(accounts) => change::log_out(accounts, context).await,
        Action::Reset(accounts) => reset::run(accounts, context).await,
    }
}
