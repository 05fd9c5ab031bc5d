//! `clear`: removes assignments. Answers are kept, with their copy of what was shown.

use std::io::{self, Write};

use clap::Args;
use serde::Serialize;
use serde_json::json;
use shared::assignment;
use shared::audit::Action;
use shared::db::Database;

use crate::confirmation::Confirmation;
use crate::context::{self, Context};
use crate::failure::Failure;
use crate::input::Input;
use crate::people;
use crate::report::{Ending, Report};

#[derive(Debug, Args)]
#[command(after_help = "Export them first: augmed assignments export --out backup.csv")]
pub struct Arguments {
    /// Only assignments of this participant, by address.
    #[arg(long)]
    user: Option<String>,
    /// Only assignments of this experiment.
    #[arg(long)]
    experiment: Option<String>,
    /// Only unanswered assignments.
    #[arg(long)]
    unanswered: bool,
    /// Keep the assignments of the people in this file (CSV, or addresses).
    #[arg(long, value_name = "FILE")]
    keep: Option<Input>,
    #[command(flatten)]
    confirmation: Confirmation,
}

pub async fn run(arguments: Arguments, context: &Context) -> Result<Ending, Failure> {
    let db = context.database().await?;
    let Arguments { user, experiment, unanswered, keep, confirmation } = arguments;
    let kept = match &keep {
        Some(file) => kept(file, &db).await?,
        None => Vec::new(),
    };
    let found = sqlx::query_as!(
        Cleared,
        r#"SELECT count(*) AS "removed!", count(*) FILTER (WHERE is_answered) AS "answered!"
           FROM (SELECT EXISTS (SELECT FROM answer WHERE task_id = display_config.id) AS is_answered
                 FROM display_config
                 WHERE ($1::text IS NULL OR user_email = $1) AND ($2::text IS NULL OR experiment_id = $2)
                   AND (user_email = ANY ($4::text[])) IS NOT TRUE) AS found
           WHERE NOT ($3 AND is_answered)"#,
        user,
        experiment,
        unanswered,
        &kept
    )
    .fetch_one(&db)
    .await?;
    if found.removed == 0 {
        refuse_unknown(user.as_deref(), experiment.as_deref(), &db).await?;
        return context.show(&found);
    }
    confirmation.ask(&format!("remove {} assignments, {} of them answered", found.removed, found.answered))?;
    let mut transaction = context::begin(&db).await?;
    assignment::lock(&mut transaction).await?;
    let removed = sqlx::query_scalar!(
        r#"DELETE FROM display_config
           WHERE ($1::text IS NULL OR user_email = $1) AND ($2::text IS NULL OR experiment_id = $2)
             AND (user_email = ANY ($4::text[])) IS NOT TRUE
             AND NOT ($3 AND EXISTS (SELECT FROM answer WHERE task_id = display_config.id))
           RETURNING EXISTS (SELECT FROM answer WHERE task_id = display_config.id) AS "is_answered!""#,
        user,
        experiment,
        unanswered,
        &kept
    )
    .fetch_all(&mut *transaction)
    .await?;
    let answered = removed.iter().filter(|is_answered| **is_answered).count();
    let details = json!({ "removed": removed.len(), "answered": answered });
    context.author().record(&mut transaction, Action::ClearAssignments, &[], details).await?;
    transaction.commit().await?;
    context.show(&Cleared { removed: count(removed.len()), answered: count(answered) })
}

/// Returns a failure if there is no assignment of this participant or experiment: the name may be misspelt.
async fn refuse_unknown(user: Option<&str>, experiment: Option<&str>, db: &Database) -> Result<(), Failure> {
    let known = sqlx::query!(
        r#"SELECT EXISTS (SELECT FROM display_config WHERE $1::text IS NULL OR user_email = $1) AS "has_user!",
                  EXISTS (SELECT FROM display_config WHERE $2::text IS NULL OR experiment_id = $2) AS "has_experiment!""#,
        user,
        experiment
    );
    let known = known.fetch_one(db).await?;
    let unknown = match (user, experiment) {
        (Some(_), _) if !known.has_user => "--user: this participant has no assignment",
        (_, Some(_)) if !known.has_experiment => "--experiment: it has no assignment",
        _ => return Ok(()),
    };
    Err(Failure::new(format!("{unknown}; nothing was removed")).with_remedy("augmed assignments list"))
}

/// Returns the addresses in a file. One without an assignment is refused: if it is misspelt, somebody's assignments would be removed.
async fn kept(file: &Input, db: &Database) -> Result<Vec<String>, Failure> {
    let people = people::read(file)?;
    let addresses: Vec<String> = people.iter().map(|person| person.email.clone()).collect();
    let unknown = sqlx::query_scalar!(
        r#"SELECT place AS "place!" FROM unnest($1::text[]) WITH ORDINALITY AS kept (email, place)
           WHERE NOT EXISTS (SELECT FROM display_config WHERE user_email = email) ORDER BY place LIMIT 1"#,
        &addresses
    );
    let unknown = unknown.fetch_optional(db).await?.and_then(|place| usize::try_from(place - 1).ok());
    match unknown.and_then(|index| people.get(index)) {
        Some(person) => Err(file
            .failure(format!("row {}: this address has no assignment; nothing was removed", person.row))
            .with_remedy("addresses have to match exactly: augmed assignments list")),
        None => Ok(addresses),
    }
}

fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

#[derive(Serialize)]
struct Cleared {
    removed: i64,
    answered: i64,
}

impl Report for Cleared {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(
            out,
            "{} assignments removed; {} of them were answered, and the answers stay",
            self.removed, self.answered
        )
    }
}
