//! `export`: writes the stored assignments in the format of an upload.

use std::io::{self, Write};

use ::export::value::{Column, Field, Kind, Value};
use ::export::{DisplayConfigs, Table as _};
use clap::Args;
use futures_util::TryStreamExt as _;
use serde::Serialize;
use serde_json::value::RawValue;
use shared::db::Database;
use shared::stored_json::{entries, fields, text};
use sqlx::PgConnection;

use crate::context::Context;
use crate::export::{Destination, Format, Lines, Opened, Source, write};
use crate::failure::Failure;
use crate::output::Output;
use crate::report::{Ending, Report};

/// Descriptions of the columns.
const ABOUT: [&str; 10] = [
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
];

/// Returns the columns with their descriptions. All cells are text, as in an upload.
pub fn columns() -> Vec<Column> {
    COLUMNS.into_iter().zip(ABOUT).map(|(name, about)| Column::new(name, Kind::Text, about)).collect()
}

/// The columns of the file (contract, section 6).
pub const COLUMNS: [&str; 10] =
    ["User", "Case No.", "Path", "Collapse", "Highlight", "Top", "Experiment", "Arm", "Policy", "Probability"];

#[derive(Debug, Args)]
#[command(after_help = "Uploading the file again gives the same assignments, in the same order, with the same ids.")]
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
    let mut uploadable = Uploadable { experiment: arguments.experiment, assignments: 0, left_out: 0 };
    let rows = write(&mut uploadable, &destination, context).await?.rows;
    let Uploadable { assignments, left_out, .. } = uploadable;
    destination.report(&Exported { assignments, rows, left_out }, context)
}

/// Assignments as rows that can be uploaded.
struct Uploadable {
    experiment: Option<String>,
    assignments: u64,
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
        let mut stored = sqlx::query!(
            "SELECT user_email, case_id, path_config::text, experiment_id, arm, policy_id, allocation_probability
             FROM display_config
             WHERE $1::text IS NULL OR experiment_id = $1
             ORDER BY upload_order",
            self.experiment
        )
        .fetch(snapshot);
        while let Some(assignment) = stored.try_next().await? {
            let paths = assignment.path_config.as_deref().and_then(entries).unwrap_or_default();
            let rows: Vec<Row> = paths.into_iter().filter_map(Row::of).collect();
            for Row { path, style } in &rows {
                let [collapse, highlight, top] = style.each_ref().map(Field::value);
                take(&[
                    assignment.user_email.value(),
                    assignment.case_id.value(),
                    path.value(),
                    collapse,
                    highlight,
                    top,
                    assignment.experiment_id.value(),
                    assignment.arm.value(),
                    assignment.policy_id.value(),
                    assignment.allocation_probability.value(),
                ])?;
            }
            if rows.is_empty() { self.left_out += 1 } else { self.assignments += 1 }
        }
        Ok(())
    }
}

/// A path, and its `collapse`, `highlight` and `top` as cells.
struct Row {
    path: String,
    style: [Option<String>; 3],
}

impl Row {
    fn of(entry: &RawValue) -> Option<Self> {
        let entry = fields(entry.get())?;
        let style = entry.get("style").and_then(|style| fields(style.get())).unwrap_or_default();
        let cell = |key: &str| style.get(key).map(|value| value.get().to_ascii_uppercase());
        Some(Self { path: text(entry.get("path")?)?, style: ["collapse", "highlight", "top"].map(cell) })
    }
}

#[derive(Serialize)]
struct Exported {
    assignments: u64,
    rows: u64,
    /// Number of assignments without a path, which the format cannot represent.
    left_out: u64,
}

impl Report for Exported {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{} assignments in {} rows", self.assignments, self.rows)?;
        match self.left_out {
            0 => Ok(()),
            some => writeln!(out, "warning: {some} assignments show no path, and cannot be written to such a file"),
        }
    }
}
