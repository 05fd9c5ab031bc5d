//! `invite`: creates accounts, like `POST /admin/users`.

use std::collections::HashSet;
use std::io::{self, Write};
use std::time::Duration;

use admin_users::invitation::Invitation;
use admin_users::queries;
use clap::Args;
use serde::Serialize;
use serde_json::json;
use shared::audit::Action;
use shared::config::{self, Signup};
use shared::mailed_link::{self, Occasion};
use tokio::time::Instant;

use super::prolific;
use crate::context::{self, Context};
use crate::failure::Failure;
use crate::input::Input;
use crate::random::SeededRng;
use crate::report::{Ending, Report};
use crate::{people, table};

/// Long enough for several hundred mails.
const MAIL_TIMEOUT: Duration = Duration::from_mins(5);

const NOT_MAILED: &str = "added, but its mail did not leave: augmed users reset mails another";

#[derive(Debug, Args)]
pub struct Arguments {
    /// Addresses to invite.
    #[arg(required_unless_present_any = ["file", "prolific"])]
    emails: Vec<String>,
    /// A file of people (CSV, or addresses), or - for standard input.
    #[arg(long, short)]
    file: Option<Input>,
    /// A list of participants exported by Prolific; a participant's address is ID@email.prolific.com.
    #[arg(long, value_name = "FILE")]
    prolific: Option<Input>,
    /// Invite only N random people of the file.
    #[arg(long, value_name = "N", requires = "seed")]
    sample: Option<usize>,
    /// Any text: the same people, number and seed select the same people.
    #[arg(long, requires = "sample")]
    seed: Option<String>,
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
    let mut of_files = Vec::new();
    if let Some(file) = &arguments.file {
        let read = people::read_with_note(file)?;
        if let Some(note) = read.note {
            anstream::eprintln!("note: {file}: row 1: {note}");
        }
        of_files.extend(read.people.into_iter().map(|person| person.invitation));
    }
    if let Some(file) = &arguments.prolific {
        of_files.extend(prolific::read(file)?);
    }
    if let (Some(size), Some(seed)) = (arguments.sample, &arguments.seed) {
        of_files = sample(of_files, size, seed)?;
    }
    invitations.extend(of_files);
    // checks the mail configuration before there is anything to mail
    let app = match config::signup(&context.environment().await?)? {
        Signup::Open => None,
        Signup::ByMail => Some(context.app().await?.0),
    };
    if let Some(app) = &app {
        mailed_link::frontend_url(app)?;
    }
    let db = context.database().await?;
    let mut transaction = context::begin(&db).await?;
    let added = queries::add(&mut transaction, &invitations).await?;
    if !added.is_empty() {
        let ids: Vec<String> = added.values().map(ToString::to_string).collect();
        let details = json!({ "added": added.len() });
        context.author().record(&mut transaction, Action::InviteAccounts, &ids, details).await?;
    }
    let emails: Vec<String> = added.keys().filter(|_| app.is_some()).cloned().collect();
    let links = mailed_link::store(&mut *transaction, &emails, Occasion::Invitation).await?;
    transaction.commit().await?;
    let mailed = match &app {
        Some(app) => {
            mailed_link::mail_all(app, emails.into_iter().zip(links).collect(), Instant::now() + MAIL_TIMEOUT).await
        }
        None => HashSet::new(),
    };
    let outcome = |email: &String| match (added.contains_key(email), app.is_some()) {
        (false, _) => "existed already",
        (true, true) if !mailed.contains(email) => NOT_MAILED,
        (true, _) => "added",
    };
    let invited = invitations.into_iter().map(|invitation| Invited {
        id: added.get(&invitation.email).copied(),
        outcome: outcome(&invitation.email),
        email: invitation.email,
    });
    context.show(&All { invited: invited.collect(), by_mail: app.is_some() })
}

/// Selects `size` people, independently of the order of the file.
fn sample(mut people: Vec<Invitation>, size: usize, seed: &str) -> Result<Vec<Invitation>, Failure> {
    people.sort_by(|one, other| one.email.cmp(&other.email));
    people.dedup_by(|one, other| one.email == other.email);
    if people.len() < size {
        return Err(Failure::new(format!("--sample {size}: the files have only {} people", people.len())));
    }
    SeededRng::from_seed(seed).shuffle(&mut people);
    people.truncate(size);
    Ok(people)
}

#[derive(Serialize)]
struct Invited {
    email: String,
    outcome: &'static str,
    id: Option<i32>,
}

#[derive(Serialize)]
#[serde(transparent)]
struct All {
    invited: Vec<Invited>,
    #[serde(skip)]
    by_mail: bool,
}

impl Report for All {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let id = |id: Option<i32>| id.map(|id| id.to_string()).unwrap_or_default();
        let rows = self.invited.iter().map(|one| [id(one.id), one.email.clone(), one.outcome.to_owned()]);
        writeln!(out, "{}", table::of(["id", "email", "outcome"], rows))?;
        let added = self.invited.iter().filter(|one| one.id.is_some()).count();
        let next = if self.by_mail {
            "they choose a password at the link that they were mailed"
        } else {
            "they sign up with their address, no mail was sent"
        };
        writeln!(out, "{added} accounts added; {next}")
    }

    fn ending(&self) -> Ending {
        if self.invited.iter().any(|one| one.outcome == NOT_MAILED) { Ending::FoundWrong } else { Ending::Done }
    }
}
