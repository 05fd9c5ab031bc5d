//! `export`: the stored assignments as the file they could have come from.

use std::io::{self, Write};

use clap::Args;
use futures_util::TryStreamExt as _;
use serde::Serialize;
use serde_json::value::RawValue;
use shared::stored_json::{entries, fields, text};

use crate::context::Context;
use crate::failure::Failure;
use crate::input::Output;
use crate::report::{Ending, Report};

/// The columns of such a file (contract, section 6).
pub const COLUMNS: [&str; 9] =
    ["User", "Case No.", "Path", "Collapse", "Highlight", "Top", "Experiment", "Arm", "Policy"];

#[derive(Debug, Args)]
#[command(after_help = "Uploading the file again gives the same assignments, in the same order, with the same ids.")]
pub struct Arguments {
    /// Where to write it. Without it, or with -: standard output.
    #[arg(long, short)]
    out: Option<Output>,
    /// Only those of this experiment.
    #[arg(long)]
    experiment: Option<String>,
}

pub async fn run(arguments: Arguments, context: &Context) -> Result<Ending, Failure> {
    let db = context.database().await?;
    let out = arguments.out.unwrap_or_default();
    let mut file = csv::Writer::from_writer(out.create(context)?);
    file.write_record(COLUMNS)?;
    let mut exported = Exported { assignments: 0, rows: 0, left_out: 0 };
    let mut assignments = sqlx::query!(
        "SELECT user_email, case_id, path_config::text, experiment_id, arm, policy_id FROM display_config
         WHERE $1::text IS NULL OR experiment_id = $1
         ORDER BY upload_order",
        arguments.experiment
    )
    .fetch(&db);
    while let Some(assignment) = assignments.try_next().await? {
        let paths = assignment.path_config.as_deref().and_then(entries).unwrap_or_default();
        let case_id = assignment.case_id.map(|case| case.to_string()).unwrap_or_default();
        let labels = [assignment.experiment_id, assignment.arm, assignment.policy_id].map(Option::unwrap_or_default);
        let rows: Vec<Row> = paths.into_iter().filter_map(Row::of).collect();
        for Row { path, collapse, highlight, top } in &rows {
            let user = assignment.user_email.as_deref().unwrap_or_default();
            let cells = [user, &case_id, path, collapse, highlight, top];
            file.write_record(cells.into_iter().chain(labels.iter().map(String::as_str)))?;
        }
        exported.rows += rows.len();
        if rows.is_empty() { exported.left_out += 1 } else { exported.assignments += 1 }
    }
    file.flush()?;
    drop(file);
    if out.is_stdout() {
        // the file is what was asked for; what is to be said of it is no part of it
        exported.write(&mut anstream::stderr())?;
        return Ok(Ending::Done);
    }
    context.show(&exported)
}

/// A path and its style, as cells.
struct Row {
    path: String,
    collapse: String,
    highlight: String,
    top: String,
}

impl Row {
    fn of(entry: &RawValue) -> Option<Self> {
        let entry = fields(entry.get())?;
        let style = entry.get("style").and_then(|style| fields(style.get())).unwrap_or_default();
        let cell = |key: &str| style.get(key).map(|value| value.get().to_ascii_uppercase()).unwrap_or_default();
        Some(Self {
            path: text(entry.get("path")?)?,
            collapse: cell("collapse"),
            highlight: cell("highlight"),
            top: cell("top"),
        })
    }
}

#[derive(Serialize)]
struct Exported {
    assignments: usize,
    rows: usize,
    /// Assignments without a path, which the file cannot hold.
    left_out: usize,
}

impl Report for Exported {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{} assignments in {} rows", self.assignments, self.rows)?;
        match self.left_out {
            0 => Ok(()),
            some => writeln!(out, "warning: {some} assignments show no path, and such a file cannot hold them"),
        }
    }
}
