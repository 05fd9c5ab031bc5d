//! `study codebook`: describes each column of each export.
//!
//! The descriptions are beside the columns: `row!` in functions/export, `export/analysis/columns.rs`, `assignments/export.rs`.

mod design;
mod entry;
mod markdown;
mod redcap;
mod spreadsheet;

use std::io::Write as _;

use clap::{Args, ValueEnum};

use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;
use crate::report::Ending;

use entry::Entry;

#[derive(Debug, Args)]
#[command(after_help = "\
The name of the file says what it becomes: .md or .csv. A data dictionary of REDCap is CSV, too: --format redcap.
In REDCap each export is an instrument, and its name is in front of each field's.

Examples:
  augmed study codebook --output codebook.md
  augmed study codebook --format redcap --output redcap.csv")]
pub struct Arguments {
    /// Output file; - is standard output.
    #[arg(long, short, visible_alias = "out", value_name = "FILE", default_value = "-")]
    output: Output,
    /// The format, regardless of the file's name. Default for standard output: Markdown.
    #[arg(long, value_enum)]
    format: Option<Format>,
}

/// Format of a codebook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Markdown,
    Csv,
    /// A REDCap data dictionary, as CSV.
    Redcap,
}

pub async fn run(arguments: Arguments, context: &Context) -> Result<Ending, Failure> {
    if context.json {
        return Err(Failure::usage("a codebook is Markdown or CSV").with_remedy("leave out --json"));
    }
    let of_name = || match arguments.output.extension() {
        Some("md") => Some(Format::Markdown),
        Some("csv") => Some(Format::Csv),
        _ => arguments.output.is_stdout().then_some(Format::Markdown),
    };
    let format = arguments.format.or_else(of_name).ok_or_else(|| {
        Failure::usage("the file's name does not end in a known format")
            .with_remedy("let it end in .md or .csv, or add --format")
    })?;
    let db = context.reads().await?;
    let mut snapshot = Box::pin(db.begin_with(export::SNAPSHOT)).await?;
    let entries: Vec<Entry> = Box::pin(entry::all(&mut snapshot, &db)).await?;
    let arms = design::arms(&mut snapshot).await?;
    snapshot.rollback().await?;

    let text = match format {
        Format::Markdown => markdown::page(&entries, &arms),
        Format::Csv => spreadsheet::file(&entries)?,
        Format::Redcap => redcap::dictionary(&entries)?,
    };
    let mut file = arguments.output.open()?;
    file.write_all(text.as_bytes())?;
    file.keep()?;
    Ok(Ending::Done)
}
