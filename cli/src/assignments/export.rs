//! `export`: writes the stored assignments in the format of an upload.

use std::io::{self, Write};

use ::export::value::{Column, Field, Kind, Value};
use ::export::{DisplayConfigs, Table as _};
use clap::Args;
use futures_util::TryStreamExt as _;
use serde::Serialize;
use shared::db::Database;
use sqlx::PgConnection;

use super::file_rows::{EXPORTED, rows};
use super::read_back::{ReadBack, Stored};
use crate::context::Context;
use crate::export::{Destination, Format, Lines, Opened, Source, write};
use crate::failure::Failure;
use crate::output::Output;
use crate::report::{Ending, Report};

/// Descriptions of the columns.
const ABOUT: [&str; EXPORTED.len()] = [
    "the address of the participant",
    "the case: the number of a visit (visit_occurrence_id)",
    "a path of the case that is shown",
    "whether the path is folded at first",
    "whether the path is highlighted",
    "the order of the path among those that the page shows first",
    "the experiment that the assignment belongs to",
    "the arm of the assignment",
    "the policy that chose the assignment",
    "the probability with which the design drew the assignment, above 0 and at most 1",
    "the run of the experiment that made the assignment",
    "the id of the assignment, which an upload keeps",
];

/// Returns the columns with their descriptions. All cells are text, as in an upload.
pub fn columns() -> Vec<Column> {
    EXPORTED.into_iter().zip(ABOUT).map(|(name, about)| Column::new(name, Kind::Text, about)).collect()
}

const AFTER_HELP: &str = "\
Uploading the file with `augmed assignments upload` again gives the same assignments, in the same order, with the same ids, runs and second
readings. The command reads each assignment back as an upload would, and exits with 1 if one would be stored differently or is left out:
services can store assignments without a path, and values that such a file cannot have.

A file is only written if there is an assignment, so that a misspelt name does not replace an earlier backup.";

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// Output file; - is standard output.
    #[arg(long, short, visible_alias = "output", default_value = "-")]
    out: Output,
    /// Only assignments of this experiment.
    #[arg(long)]
    experiment: Option<String>,
}

pub async fn run(arguments: Arguments, context: &Context) -> Result<Ending, Failure> {
    let destination = Destination { output: arguments.out, format: Some(Format::Csv(Lines::OfUnix)) };
    let may_be_empty = destination.output.is_stdout() && arguments.experiment.is_none();
    let mut uploadable =
        Uploadable { experiment: arguments.experiment, may_be_empty, assignments: 0, different: 0, left_out: 0 };
    let rows = write(&mut uploadable, &destination, context).await?.rows;
    let Uploadable { assignments, different, left_out, .. } = uploadable;
    let exported = Exported { assignments, rows, different, left_out };
    destination.report(&exported, context)?;
    Ok(exported.ending())
}

/// Assignments as rows that can be uploaded.
struct Uploadable {
    experiment: Option<String>,
    /// Whether a header alone is written: it may replace a file.
    may_be_empty: bool,
    assignments: u64,
    different: u64,
    left_out: u64,
}

impl Source for Uploadable {
    fn resource(&self) -> &'static str {
        DisplayConfigs::ROUTE
    }

    async fn open(&mut self, snapshot: &mut PgConnection, _: &Database) -> Result<Opened, Failure> {
        let paths = sqlx::query_scalar!(
            r#"SELECT coalesce(sum(CASE WHEN json_typeof(path_config) = 'array' THEN json_array_length(path_config) END), 0) AS "rows!"
               FROM display_config WHERE $1::text IS NULL OR experiment_id = $1"#,
            self.experiment
        );
        let rows = u64::try_from(paths.fetch_one(snapshot).await?).unwrap_or_default();
        Ok(Opened { columns: columns(), rows })
    }

    async fn rows(
        &mut self,
        snapshot: &mut PgConnection,
        _: &Database,
        mut take: impl FnMut(&[Value<'_>]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut stored = sqlx::query_as!(
            Stored,
            "SELECT id, user_email, case_id, path_config::text, experiment_id, arm, policy_id, allocation_probability, rl_run_id
             FROM display_config
             WHERE $1::text IS NULL OR experiment_id = $1
             ORDER BY upload_order",
            self.experiment
        )
        .fetch(snapshot);
        while let Some(assignment) = stored.try_next().await? {
            let rows = rows(assignment.path_config.as_deref());
            match assignment.read_back(&rows)? {
                ReadBack::Refused => {
                    self.left_out += 1;
                    continue;
                }
                ReadBack::Different => self.different += 1,
                ReadBack::Same => {}
            }
            for row in &rows {
                take(&assignment.cells(row).each_ref().map(Field::value))?;
            }
            self.assignments += 1;
        }
        if self.assignments == 0 && !self.may_be_empty {
            let of = if self.experiment.is_some() { " of this experiment" } else { "" };
            return Err(Failure::new(format!("there is no assignment{of} to export; no file was written"))
                .with_remedy("augmed assignments list"));
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct Exported {
    assignments: u64,
    rows: u64,
    /// Number of assignments that an upload would store differently.
    different: u64,
    /// Number of assignments that the format cannot represent.
    left_out: u64,
}

impl Report for Exported {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self { assignments, rows, different, left_out } = self;
        writeln!(out, "{assignments} assignments in {rows} rows")?;
        if *different > 0 {
            writeln!(
                out,
                "warning: {different} assignments have values that such a file cannot have; an upload of it changes them"
            )?;
        }
        match left_out {
            0 => Ok(()),
            some => {
                writeln!(
                    out,
                    "warning: {some} assignments are left out: without a path, a participant or a case, or with a value that \
                               an upload refuses"
                )
            }
        }
    }

    fn ending(&self) -> Ending {
        if self.different + self.left_out == 0 { Ending::Done } else { Ending::FoundWrong }
    }
}
