//! Arguments of `augmed load`.

use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use clap::{Args, Subcommand};
use shared::iso8601;

use crate::failure::Failure;
use crate::input::Input;
use crate::output::Output;

const AFTER_HELP: &str = "\
Each file is named after its table: person.csv, PERSON.csv, person.tsv.gz. Its first line names the columns, in any order and case; optional
columns may be missing. Commas or tabs, CRLF, a byte order mark and gzip are recognised; an empty cell is NULL. Tab separated cells are
taken literally, as Athena writes them, unless the header is quoted, or with --quoted. Dates are 2026-01-31 or 20260131, times
2026-01-31 08:30:00 or with a T; an offset from UTC is not stored.

Each run is one transaction: everything is loaded, or nothing. New rows are added, and existing rows with the same key are replaced; nothing is
removed, so a run can be repeated, and a new vocabulary release loaded over the old one. With --mapping, however, each row becomes a new patient: a
run cannot be repeated, and rows of stored patients (by person_id, or else person_source_value) are refused. Up to 100 errors of each table are listed with file,
line and column, and the others are counted.

Examples:
  augmed load vocabulary vocabulary_download_v5.zip  a download from athena.ohdsi.org, or the unpacked directory
  augmed load clinical omop --check                  load and roll back
  augmed load clinical omop --errors errors.csv      all errors as a table
  augmed load clinical mimic --renumber ids.csv      64-bit ids";

/// Load OMOP CDM 5.4 files into their tables.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    #[command(subcommand)]
    pub action: Action,
}

#[derive(Debug, Subcommand)]
pub enum Action {
    /// Load concepts and their relations: concept, `concept_relationship`, `concept_ancestor`, ….
    Vocabulary(Files),
    /// Load patients and their data: person, `visit_occurrence`, observation, measurement, ….
    Clinical(Clinical),
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Files {
    /// A directory or a ZIP archive with the files. With --mapping: a CSV file of patients.
    pub directory: PathBuf,
    /// Load and roll back: nothing is changed.
    #[arg(long)]
    pub check: bool,
    /// Tab separated files may also contain quoted cells.
    #[arg(long)]
    pub quoted: bool,
    /// Write the errors to a file: .json, or CSV of file, line, column and problem.
    #[arg(long, value_name = "FILE")]
    pub errors: Option<Output>,
    /// Add concepts that rows refer to and the vocabulary lacks, because it is only a part (a shard).
    #[arg(long)]
    pub add_missing_concepts: bool,
    /// Truncate texts that are longer than their column, unless they are a key.
    #[arg(long)]
    pub truncate: bool,
    /// Ignore the file of this table.
    #[arg(long, value_name = "TABLE")]
    pub skip: Vec<String>,
}

#[derive(Debug, Args)]
pub struct Clinical {
    #[command(flatten)]
    pub files: Files,
    /// Replace ids, for files with ids beyond 2147483647, and store the mapping in this file. A later run continues it, if this database
    /// has stored the file's ids.
    #[arg(long, value_name = "FILE", conflicts_with = "mapping")]
    pub renumber: Option<PathBuf>,
    /// Meaning of the columns of a file with one row per patient: CSV of column, target, `concept_id`, label, values. docs/study.md has
    /// an example.
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<Input>,
    /// Date of each visit, if no column has it.
    #[arg(long, value_name = "DATE", requires = "mapping", value_parser = date)]
    pub visit_date: Option<NaiveDate>,
}

impl Arguments {
    /// Refuses standard output for files: if its reader left, the load would stop as if it had succeeded.
    pub fn check(&self) -> Result<(), Failure> {
        let (files, renumber) = match &self.action {
            Action::Vocabulary(files) => (files, None),
            Action::Clinical(Clinical { files, renumber, .. }) => (files, renumber.as_deref()),
        };
        let option = match (&files.errors, renumber) {
            (Some(errors), _) if errors.is_stdout() => "--errors",
            (_, Some(ids)) if ids == Path::new("-") => "--renumber",
            _ => return Ok(()),
        };
        Err(Failure::usage(format!("{option} - : the report goes to standard output"))
            .with_remedy(format!("name a file: {option} FILE")))
    }
}

fn date(text: &str) -> Result<NaiveDate, &'static str> {
    iso8601::date(text).ok_or("is not a date such as 2026-01-31")
}
