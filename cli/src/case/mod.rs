//! `augmed case`: shows what a participant would see, or has seen.

mod shown;
mod tree;

use std::collections::BTreeMap;
use std::io::{self, Write};

use admin_config::config_file::ConfigFile;
use case_reviews::CaseReview;
use case_reviews::preview::Cases;
use clap::{Args, Subcommand};
use serde::Serialize;
use shared::db::Database;

use crate::context::Context;
use crate::failure::Failure;
use crate::input::Input;
use crate::report::{Ending, Report};

const AFTER_HELP: &str = "\
Examples:
  augmed case show 5f0c1b6e8f2d4f6f9c0d6a7b8c9d0e1f          a stored assignment
  augmed case show --file assignments.csv --row 2          an assignment in a file, before it is uploaded
  augmed case shown 12                                       the page of answer 12
  augmed case paths 101 102                                  the paths that assignments of these cases can name";

/// Show what a participant would see of a case.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show a case as its participant sees it.
    Show {
        /// The assignment: `display_config.id`, as printed by `augmed assignments list`.
        #[arg(required_unless_present = "file", conflicts_with = "file")]
        config_id: Option<String>,
        /// A file of assignments (CSV) instead.
        #[arg(long, requires = "row")]
        file: Option<Input>,
        /// A line of that file; the header is 1.
        #[arg(long, requires = "file")]
        row: Option<u64>,
    },
    /// Show the page of an answer, exactly as it was sent.
    Shown {
        /// The answer: `answer_id` of `augmed export answers`.
        answer: i32,
    },
    /// List every path that assignments of these cases can name.
    Paths {
        /// `visit_occurrence_id`.
        #[arg(required = true)]
        cases: Vec<i32>,
    },
}

pub async fn run(arguments: Arguments, context: &Context) -> Result<Ending, Failure> {
    let db = context.database().await?;
    match arguments.action {
        Action::Show { config_id: Some(id), .. } => context.show(&Shown(stored(&id, &db).await?)),
        Action::Show { file: Some(file), row, .. } => {
            context.show(&Shown(of_file(&file, row.unwrap_or_default(), &db).await?))
        }
        Action::Show { .. } => Err(Failure::usage("give an assignment's id, or --file and --row")),
        Action::Shown { answer } => context.show(&shown::find(answer, &db).await?),
        Action::Paths { cases } => {
            let loaded = load(&cases, &db).await?;
            let paths = cases.iter().map(|&case| {
                known(case, &loaded)?;
                Ok((case, loaded.paths(case).into_iter().collect()))
            });
            context.show(&Paths(paths.collect::<Result<_, Failure>>()?))
        }
    }
}

async fn stored(id: &str, db: &Database) -> Result<CaseReview, Failure> {
    let assignment = sqlx::query!("SELECT case_id, path_config::text FROM display_config WHERE id = $1", id)
        .fetch_optional(db)
        .await?
        .ok_or_else(|| Failure::new(format!("there is no assignment {id}")).with_remedy("augmed assignments list"))?;
    let case_id = assignment.case_id.ok_or_else(|| Failure::new(format!("assignment {id} has no case")))?;
    review(case_id, assignment.path_config.as_deref(), db).await
}

async fn of_file(file: &Input, row: u64, db: &Database) -> Result<CaseReview, Failure> {
    let assignments = ConfigFile::parse_for_command(&file.read()?).map_err(|error| file.failure(error))?.assignments;
    let assignment = assignments.iter().find(|assignment| assignment.paths.iter().any(|path| path.row == row));
    let assignment = assignment.ok_or_else(|| file.failure(format!("row {row} is not part of an assignment")))?;
    review(assignment.case_id, Some(assignment.path_config.get()), db).await
}

async fn review(case_id: i32, path_config: Option<&str>, db: &Database) -> Result<CaseReview, Failure> {
    load(&[case_id], db).await?.review(case_id, path_config).ok_or_else(|| without_visit(case_id))
}

/// Loads the data that the pages of these cases show.
pub async fn load(cases: &[i32], db: &Database) -> Result<Cases, Failure> {
    let loaded = Cases::load(cases, db).await?;
    loaded.ok_or_else(|| {
        Failure::new("there is no page configuration, so no case can be shown")
            .with_remedy("augmed page-config set FILE")
    })
}

/// Returns an error if the case has no visit.
pub fn known(case: i32, cases: &Cases) -> Result<(), Failure> {
    if cases.contains(case) { Ok(()) } else { Err(without_visit(case)) }
}

fn without_visit(case: i32) -> Failure {
    Failure::new(format!("case {case} has no visit, or no patient"))
        .with_remedy("a case is a visit_occurrence_id of the clinical data")
}

#[derive(Serialize)]
#[serde(transparent)]
struct Shown(CaseReview);

impl Report for Shown {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        write!(out, "{}", tree::of(&serde_json::to_value(&self.0).map_err(io::Error::from)?))
    }
}

#[derive(Serialize)]
#[serde(transparent)]
struct Paths(BTreeMap<i32, Vec<String>>);

impl Report for Paths {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        for (case, paths) in &self.0 {
            writeln!(out, "case {case}")?;
            paths.iter().try_for_each(|path| writeln!(out, "  {path}"))?;
        }
        Ok(())
    }
}
