//! `invite`: makes accounts, as `POST /admin/users` does.

use std::io::{self, Write};

use admin_users::invitation::Invitation;
use admin_users::queries;
use clap::Args;
use serde::Serialize;
use serde_json::json;
use shared::audit::Action;

use crate::context::{self, Context};
use crate::failure::Failure;
use crate::input::Input;
use crate::report::{Ending, Report};
use crate::{people, table};

#[derive(Debug, Args)]
pub struct Arguments {
    /// Addresses.
    #[arg(required_unless_present = "file")]
    emails: Vec<String>,
    /// A file of people (CSV, or one address a line), or - for standard input.
    #[arg(long, short)]
    file: Option<Input>,
}

pub async fn run(arguments: Arguments, context: &Context) -> Result<Ending, Failure> {
    let mut invitations = Vec::new();
    for (index, email) in arguments.emails.into_iter().enumerate() {
        let invitation = Invitation { email, name: None, position: None, employer: None, area_of_clinical_ex: None };
        let at = |problem: String| Failure::usage(format!("address {}: {problem}", index + 1));
        invitation.check_email().map_err(|reason| at(reason.to_string()))?;
        invitation.too_long().map_or(Ok(()), |problem| Err(at(problem)))?;
        invitations.push(invitation);
    }
    if let Some(file) = &arguments.file {
        invitations.extend(people::read(file)?.into_iter().map(|person| person.invitation));
    }
    let db = context.database().await?;
    let mut transaction = context::begin(&db).await?;
    let added = queries::add(&mut transaction, &invitations).await?;
    if !added.is_empty() {
        let ids: Vec<String> = added.values().map(ToString::to_string).collect();
        let details = json!({ "added": added.len() });
        context.author().record(&mut transaction, Action::InviteAccounts, &ids, details).await?;
    }
    transaction.commit().await?;
    let invited = invitations.into_iter().map(|invitation| Invited {
        id: added.get(&invitation.email).copied(),
        outcome: if added.contains_key(&invitation.email) { "added" } else { "existed already" },
        email: invitation.email,
    });
    context.show(&All(invited.collect()))
}

#[derive(Serialize)]
struct Invited {
    email: String,
    outcome: &'static str,
    id: Option<i32>,
}

#[derive(Serialize)]
#[serde(transparent)]
struct All(Vec<Invited>);

impl Report for All {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let id = |id: Option<i32>| id.map(|id| id.to_string()).unwrap_or_default();
        let rows = self.0.iter().map(|one| [id(one.id), one.email.clone(), one.outcome.to_owned()]);
        writeln!(out, "{}", table::of(["id", "email", "outcome"], rows))?;
        let added = self.0.iter().filter(|one| one.id.is_some()).count();
        writeln!(out, "{added} accounts added; they sign up with their address, no mail was sent")
    }
}
