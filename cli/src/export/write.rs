//! Writes rows to a file.

use std::io::{self, IsTerminal as _, Write};

use clap::Args;
use export::value::Value;
use serde::Serialize;
use serde_json::{Value as Json, json};
use shared::audit::Action;
use shared::db::Database;

use super::encoder::{Encoder, Format, Lines, Spreadsheet};
use super::source::{Opened, Source};
use crate::context::{self, Context};
use crate::failure::Failure;
use crate::output::Output;
use crate::report::{Ending, Report};
use crate::waiting::{self, Bar};

/// File and format.
#[derive(Debug, Args)]
pub struct Destination {
    /// Output file; - is standard output.
    #[arg(long, short, visible_alias = "out", value_name = "FILE", default_value = "-")]
    pub output: Output,
    /// The format, regardless of the file's name. Default for standard output: CSV, or JSON with --json.
    #[arg(long, value_enum)]
    pub format: Option<Format>,
}

impl Destination {
    fn format(&self, context: &Context) -> Result<Format, Failure> {
        let of_name = || match self.output.extension() {
            Some(extension) => Format::of_extension(extension),
            None if self.output.is_stdout() => {
                Some(if context.json { Format::Json } else { Format::Csv(Lines::OfRoutes) })
            }
            None => None,
        };
        let format = self.format.or_else(of_name).ok_or_else(|| {
            Failure::usage("the file's name does not end in a known format")
                .with_remedy("let it end in .csv, .json or .parquet (or .csv.gz, .json.gz), or add --format")
        })?;
        match format {
            Format::Parquet if self.output.is_gzip() => {
                Err(Failure::usage("Parquet is already compressed").with_remedy("let the file's name end in .parquet"))
            }
            Format::Parquet if self.output.is_stdout() && io::stdout().is_terminal() => {
                Err(Failure::usage("a terminal cannot show Parquet").with_remedy("name a file: --output FILE.parquet"))
            }
            Format::Csv(_) | Format::Parquet if self.output.is_stdout() && context.json => {
                Err(Failure::usage("--json prints a JSON document, but the file is also written to standard output")
                    .with_remedy("name a file: --output FILE"))
            }
            format => Ok(format),
        }
    }

    /// Prints the report: on standard error if the file is on standard output. With `--json` that is only for failures, and so for findings.
    pub fn report(&self, report: &impl Report, context: &Context) -> Result<Ending, Failure> {
        if !self.output.is_stdout() {
            return context.show(report);
        }
        let mut text = Vec::new();
        report.write(&mut text)?;
        match (context.json, report.ending()) {
            (true, Ending::FoundWrong) => {
                let details = serde_json::to_value(report).map_err(io::Error::from)?;
                Err(Failure::new(String::from_utf8_lossy(&text).trim_end()).with_details(details))
            }
            (true, Ending::Done) => Ok(Ending::Done),
            (false, ending) => {
                anstream::eprint!("{}", String::from_utf8_lossy(&text));
                Ok(ending)
            }
        }
    }
}

/// Content of a file.
#[derive(Debug, Serialize)]
pub struct Written {
    pub rows: u64,
    pub columns: usize,
    /// Number of cells that a spreadsheet treats as formulas. They are written unchanged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formulas: Option<u64>,
}

impl Report for Written {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{} rows of {} columns", self.rows, self.columns)?;
        match self.formulas {
            None | Some(0) => Ok(()),
            Some(cells) => writeln!(
                out,
                "note: {cells} cells begin with = + - or @, which spreadsheets treat as formulas: import them as text"
            ),
        }
    }
}

/// Writes all rows of `source` from one snapshot. The file appears when it is complete; an interrupt leaves nothing behind.
pub async fn write(source: &mut impl Source, destination: &Destination, context: &Context) -> Result<Written, Failure> {
    let format = destination.format(context)?;
    tokio::select! {
        written = write_as(source, format, &destination.output, context) => written,
        _ = tokio::signal::ctrl_c() => Err(Failure::new("interrupted; no file was written")),
    }
}

async fn write_as(
    source: &mut impl Source,
    format: Format,
    output: &Output,
    context: &Context,
) -> Result<Written, Failure> {
    let db = context.reads().await?;
    let file = output.open()?;
    let mut snapshot = Box::pin(db.begin_with(export::SNAPSHOT)).await?;
    let Opened { columns, rows } = waiting::spin("reading", source.open(&mut snapshot, &db)).await?;
    if rows > 0 {
        record(source.resource(), json!({ "rows": rows }), &context.database().await?, context).await?;
    }
    let mut written = Written { rows: 0, columns: columns.len(), formulas: None };
    let mut encoder = Encoder::new(format, file, columns)?;
    let mut spreadsheet = matches!(format, Format::Csv(_)).then(Spreadsheet::default);
    let mut bar = Bar::new("exporting", rows);
    let take = |values: &[Value<'_>]| {
        encoder.row(values)?;
        spreadsheet.iter_mut().for_each(|spreadsheet| spreadsheet.count(values));
        written.rows += 1;
        bar.step();
        Ok(())
    };
    source.rows(&mut snapshot, &db, take).await?;
    drop(bar);
    encoder.finish()?.keep()?;
    written.formulas = spreadsheet.map(|spreadsheet| spreadsheet.formulas);
    Ok(written)
}

/// Records the export in the audit trail before its first row is written, as the routes do.
pub async fn record(resource: &str, details: Json, db: &Database, context: &Context) -> Result<(), Failure> {
    let mut transaction = context::begin(db).await?;
    context.author().record(&mut transaction, Action::ExportData, &[resource.to_owned()], details).await?;
    Ok(transaction.commit().await?)
}
