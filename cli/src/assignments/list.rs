//! `list`: prints the stored assignments, and which of them are answered.

use std::io::{self, Write};

use clap::Args;
use serde::Serialize;

use crate::context::Context;
use crate::failure::Failure;
use crate::report::{Ending, Report};
use crate::table;

#[derive(Debug, Args)]
pub struct Arguments {
    /// Only assignments of this participant, by address.
    #[arg(long)]
    user: Option<String>,
    /// Only assignments of this case.
    #[arg(long)]
    case: Option<i32>,
}

#[derive(Serialize)]
struct Assignment {
    id: String,
    user_email: Option<String>,
    case_id: Option<i32>,
    experiment_id: Option<String>,
    arm: Option<String>,
    answered: bool,
}

pub async fn run(arguments: Arguments, context: &Context) -> Result<Ending, Failure> {
    let assignments = sqlx::query_as!(
        Assignment,
        r#"SELECT id, user_email, case_id, experiment_id, arm,
                  EXISTS (SELECT FROM answer WHERE task_id = display_config.id AND answer.user_email = display_config.user_email)
                    AS "answered!"
           FROM display_config
           WHERE ($1::text IS NULL OR user_email = $1) AND ($2::integer IS NULL OR case_id = $2)
           ORDER BY user_email, upload_order"#,
        arguments.user,
        arguments.case
    )
    .fetch_all(&context.database().await?)
    .await?;
    context.show(&Listed(assignments))
}

#[derive(Serialize)]
#[serde(transparent)]
struct Listed(Vec<Assignment>);

impl Report for Listed {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let rows = self.0.iter().map(|one| {
            let case = one.case_id.map(|case| case.to_string()).unwrap_or_default();
            let answered = if one.answered { "answered" } else { "" };
            [one.id.clone(), text(&one.user_email), case, text(&one.experiment_id), text(&one.arm), answered.to_owned()]
        });
        writeln!(out, "{}", table::of(["id", "participant", "case", "experiment", "arm", ""], rows))?;
        writeln!(out, "{} assignments", self.0.len())
    }
}
