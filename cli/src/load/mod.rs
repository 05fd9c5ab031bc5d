//! `augmed load`: OMOP CDM 5.4 files into their tables.

mod catalog;
mod copy;
mod directory;
mod file;
mod layout;
mod problem;
mod progress;
mod report;
mod source;
mod tables;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use indicatif::ProgressBar;
use serde_json::json;
use shared::audit::Action as Audited;
use sqlx::PgConnection;

use crate::context::{self, Context};
use crate::failure::Failure;
use crate::report::Ending;
use crate::waiting;

use catalog::Catalog;
use directory::Directory;
use file::TableFile;
use layout::Layout;
use progress::Progress;
use report::{Loaded, LoadedTable};
use source::{Quoting, Source};

const AFTER_HELP: &str = "\
A file is named for its table: person.csv, PERSON.csv, person.tsv.gz. Its first line names the columns, in any order and case; what is not
required may be missing. Commas or tabs, CRLF, a byte order mark and gzip are recognised; an empty cell is no value. Tab separated
cells are taken as they are, as Athena writes them, unless the header is quoted, or --quoted says so.

A run is one transaction: everything, or nothing. Rows are added; a row that is there with the same key is replaced; nothing is removed,
so that a run can be repeated, and a new release of the vocabulary be loaded over the old one.

Examples:
  augmed load vocabulary vocabulary_download_v5    what athena.ohdsi.org has sent
  augmed load clinical omop --check                try it, and undo it
  augmed load clinical omop";

/// OMOP CDM 5.4 files into their tables.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Load concepts and what belongs to them: concept, `concept_relationship`, `concept_ancestor`, ….
    Vocabulary(Files),
    /// Load patients and what was observed: person, `visit_occurrence`, observation, measurement, ….
    Clinical(Files),
}

#[derive(Debug, Args)]
struct Files {
    /// Where the files are.
    directory: PathBuf,
    /// Try it, and undo it: nothing is changed.
    #[arg(long)]
    check: bool,
    /// Cells may be quoted in tab separated files too.
    #[arg(long)]
    quoted: bool,
}

pub async fn run(arguments: Arguments, context: &Context) -> Result<Ending, Failure> {
    let (files, wanted) = match arguments.action {
        Action::Vocabulary(files) => (files, tables::VOCABULARY),
        Action::Clinical(files) => (files, tables::CLINICAL),
    };
    let Directory { files: found, skipped } = Directory::read(&files.directory, wanted)?;
    let db = context.database().await?;
    let catalog = catalog::read(wanted, &db).await?;
    let quoting = if files.quoted { Quoting::Always } else { Quoting::Guessed };
    let fitting = fit(found, quoting, &catalog)?;
    let mut transaction = context::begin(&db).await?;
    prepare(&fitting, &mut transaction).await?;
    let loaded = load(&fitting, &catalog, &mut transaction).await?;
    let report = Loaded { is_stored: !files.check, tables: loaded, skipped };
    if files.check {
        transaction.rollback().await?;
    } else {
        finish(&report, &mut transaction, context).await?;
        transaction.commit().await?;
    }
    context.show(&report)
}

/// Holds the header of each file against its table, before anything is loaded.
fn fit(found: Vec<(&'static str, PathBuf)>, quoting: Quoting, catalog: &Catalog) -> Result<Vec<TableFile>, Failure> {
    let mut problems = Vec::new();
    let mut fitting = Vec::new();
    for (table, path) in found {
        let header = Source::open(&path, quoting, &ProgressBar::hidden())?.header;
        match Layout::of(&header, &catalog[table]) {
            Ok(layout) => fitting.push(TableFile { table, path, quoting, layout }),
            Err(problem) => problems.push(format!("{}: {problem}", path.display())),
        }
    }
    if problems.is_empty() {
        Ok(fitting)
    } else {
        Err(Failure::new(problems.join("\n")).with_remedy("nothing was loaded; the columns are those of OMOP CDM 5.4"))
    }
}

/// One load at a time; those who read wait for nothing.
async fn prepare(files: &[TableFile], transaction: &mut PgConnection) -> Result<(), Failure> {
    // 03/04/2026 is refused instead of guessed
    sqlx::query!("SET LOCAL datestyle = 'ISO, YMD'").execute(&mut *transaction).await?;
    // a computer that goes away in the middle of a COPY is noticed, and the tables are free again
    sqlx::query!(
        "SELECT set_config('tcp_keepalives_idle', '10', true) AS idle, set_config('tcp_keepalives_interval', '5', true) AS interval,
                set_config('tcp_keepalives_count', '3', true) AS count"
    )
    .fetch_one(&mut *transaction)
    .await?;
    let tables: Vec<&str> = files.iter().map(|file| file.table).collect();
    let lock = format!("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", tables.join(", "));
    waiting::spin("waiting for the tables", sqlx::query(&lock).execute(&mut *transaction)).await?;
    Ok(())
}

async fn load(
    files: &[TableFile],
    catalog: &Catalog,
    transaction: &mut PgConnection,
) -> Result<Vec<LoadedTable>, Failure> {
    let sizes = files.iter().filter_map(|file| file.path.metadata().ok());
    let mut progress = Progress::of(sizes.map(|file| file.len()).sum());
    let mut loaded = Vec::new();
    for file in files {
        progress.start(file.table);
        let outcome = Box::pin(copy::load(file, &catalog[file.table], transaction, &progress)).await?;
        loaded.push(LoadedTable::of(file, outcome));
    }
    Ok(loaded)
}

/// The audit trail, and what the planner knows of the tables.
async fn finish(report: &Loaded, transaction: &mut PgConnection, context: &Context) -> Result<(), Failure> {
    for table in &report.tables {
        sqlx::query(&format!("ANALYZE {}", table.table)).execute(&mut *transaction).await?;
    }
    let tables: Vec<String> = report.tables.iter().map(|table| table.table.to_owned()).collect();
    let details = json!({ "added": report.sum(|table| table.added), "replaced": report.sum(|table| table.replaced) });
    Ok(context.author().record(transaction, Audited::LoadData, &tables, details).await?)
}
