//! `augmed load`: loads OMOP CDM 5.4 files into their tables.

mod arguments;
mod catalog;
mod cell;
mod column;
mod concepts;
mod copy;
mod diagnosis;
mod directory;
mod errors;
mod file;
mod ids_of;
mod layout;
mod lines;
mod place;
mod progress;
mod quotes;
mod refusal;
mod renamed;
mod renumber;
mod report;
mod rows;
mod source;
mod stopped;
mod tables;
mod wide;

use std::path::Path;

use indicatif::ProgressBar;
use serde_json::json;
use shared::audit::Action as Audited;
use shared::db::Database;
use sqlx::PgConnection;

use crate::context::{self, Context};
use crate::failure::Failure;
use crate::report::Ending;
use crate::waiting;

pub use arguments::Arguments;
pub use catalog::Catalog;
pub use column::Kind;
pub use layout::quoted;
pub use lines::of as lines_of_rows;
pub use quotes::{ODD_CELL, QuoteFaults, Watched};

use arguments::{Action, Clinical, Files};
use directory::Directory;
use errors::{Error, TableErrors};
use file::TableFile;
use layout::Layout;
use progress::Progress;
use renumber::Ids;
use report::{Loaded, LoadedTable};
use rows::Leniency;
use source::{Quoting, Source};
use stopped::Stopped;
use wide::Unfolded;

pub async fn run(arguments: Arguments, context: &Context) -> Result<Ending, Failure> {
    let db = context.owner_database().await?;
    match arguments.action {
        Action::Vocabulary(files) => {
            run_from(&files.directory, Vec::new(), &files, tables::VOCABULARY, None, &db, context).await
        }
        Action::Clinical(Clinical { files, renumber, mapping: None, .. }) => {
            run_from(&files.directory, Vec::new(), &files, tables::CLINICAL, renumber.as_deref(), &db, context).await
        }
        Action::Clinical(Clinical { files, mapping: Some(mapping), visit_date, .. }) => {
            let Unfolded { directory, notes } = wide::unfold(&files, &mapping, visit_date, &db).await?;
            run_from(directory.path(), notes, &files, tables::CLINICAL, None, &db, context).await
        }
    }
}

/// Loads the files of `path`, of which there are `notes` already.
async fn run_from(
    path: &Path,
    mut notes: Vec<String>,
    files: &Files,
    wanted: &[&'static str],
    renumber: Option<&Path>,
    db: &Database,
    context: &Context,
) -> Result<Ending, Failure> {
    if let Some(table) = files.skip.iter().find(|table| !wanted.contains(&table.as_str())) {
        return Err(Failure::usage(format!(
            "--skip {table}: is not a table of this command; its tables are {}",
            wanted.join(", ")
        )));
    }
    let directory = Directory::read(path, wanted, &files.skip)?;
    let catalog = catalog::read(wanted, db).await?;
    let mut fitting = fit(&directory, files, &catalog)?;
    let mut transaction = context::begin(db).await?;
    prepare(&fitting, &mut transaction).await?;
    let mut leniency = Leniency { truncates: files.truncate, ..Leniency::default() };
    if let Some(mapping) = renumber {
        leniency.ids = Some(Ids::read(mapping, &mut transaction).await?);
        fitting.iter_mut().for_each(|file| renumber::mark(&mut file.layout));
    }
    let loaded = match load(&fitting, &catalog, files, &mut leniency, &mut transaction).await {
        Ok(loaded) => loaded,
        Err(Stopped::Failure(failure)) => return Err(failure),
        Err(Stopped::Row(first)) => {
            sqlx::query("ROLLBACK TO SAVEPOINT unloaded").execute(&mut *transaction).await?;
            return Err(refusal::of(
                first,
                &fitting,
                &directory,
                files.errors.as_ref(),
                files.add_missing_concepts,
                &mut leniency,
                &mut transaction,
            )
            .await?);
        }
    };
    if let Some(output) = &files.errors {
        errors::write(&[], output)?;
    }
    notes.extend(self::notes(&directory, &mut transaction).await?);
    let report = Loaded { is_stored: !files.check, tables: loaded, skipped: directory.skipped, notes };
    if files.check {
        transaction.rollback().await?;
    } else {
        finish(&report, &mut transaction, context).await?;
        // a mapping of ids that were not stored is harmless, but stored ids without a mapping are not
        leniency.ids.as_ref().map_or(Ok(()), Ids::write)?;
        transaction.commit().await?;
    }
    context.show(&report)
}

/// Reads the columns of the clinical tables.
pub async fn clinical_columns(db: &Database) -> Result<Catalog, Failure> {
    catalog::read(tables::CLINICAL, db).await
}

/// Checks the header of each file against its table, before anything is loaded.
fn fit(directory: &Directory, files: &Files, catalog: &Catalog) -> Result<Vec<TableFile>, Failure> {
    let quoting = if files.quoted { Quoting::Always } else { Quoting::Guessed };
    let mut wrong = Vec::new();
    let mut fitting = Vec::new();
    for (table, place) in &directory.files {
        let header = Source::open(place, quoting, &ProgressBar::hidden())?.header;
        match Layout::of(table, &header, &catalog[*table]) {
            Ok(layout) => fitting.push(TableFile { table, place: place.clone(), quoting, layout }),
            Err(problems) => {
                let errors = problems.into_iter().map(|problem| Error { line: 1, column: None, problem }).collect();
                wrong.push(TableErrors { table, file: place.to_string(), errors, more: 0 });
            }
        }
    }
    if wrong.is_empty() {
        return Ok(fitting);
    }
    files.errors.as_ref().map_or(Ok(()), |output| errors::write(&wrong, output))?;
    Err(errors::failure(&wrong, &["the columns are those of OMOP CDM 5.4".to_owned()].into()))
}

/// Locks the tables against other loads; readers do not wait.
async fn prepare(files: &[TableFile], transaction: &mut PgConnection) -> Result<(), Failure> {
    // detects a client that disappears during a COPY, so that the tables are released
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
    fitting: &[TableFile],
    catalog: &Catalog,
    files: &Files,
    leniency: &mut Leniency,
    transaction: &mut PgConnection,
) -> Result<Vec<LoadedTable>, Stopped> {
    sqlx::query("SAVEPOINT unloaded").execute(&mut *transaction).await?;
    let mut progress = Progress::of(fitting.iter().map(|file| file.place.bytes()).sum());
    let mut loaded = Vec::new();
    for file in fitting {
        progress.start(file.table);
        let columns = &catalog[file.table];
        let outcome = copy::load(file, columns, leniency, files.add_missing_concepts, transaction, &progress);
        loaded.push(LoadedTable::of(file, Box::pin(outcome).await?));
    }
    Ok(loaded)
}

/// Returns warnings about possible mistakes in what was loaded.
async fn notes(directory: &Directory, transaction: &mut PgConnection) -> Result<Vec<String>, Failure> {
    let Some(cpt4) = &directory.cpt4 else { return Ok(Vec::new()) };
    let mut source = Source::open(cpt4, Quoting::Guessed, &ProgressBar::hidden())?;
    let Some(cell) = source.header.iter().position(|name| name == "concept_id") else { return Ok(Vec::new()) };
    let Ok(Some(first)) = source.read() else { return Ok(Vec::new()) };
    let first = String::from_utf8_lossy(first.get(cell).unwrap_or_default()).into_owned();
    let Ok(first) = first.trim().parse::<i32>() else { return Ok(Vec::new()) };
    let is_there: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM concept WHERE concept_id = $1)")
        .bind(first)
        .fetch_one(transaction)
        .await?;
    let note = format!("{cpt4} exists, but its concepts are not loaded: run Athena's cpt.sh, and load again");
    Ok(if is_there { Vec::new() } else { vec![note] })
}

/// Writes the audit trail, and updates the planner's statistics.
async fn finish(report: &Loaded, transaction: &mut PgConnection, context: &Context) -> Result<(), Failure> {
    for table in &report.tables {
        sqlx::query(&format!("ANALYZE {}", table.table)).execute(&mut *transaction).await?;
    }
    let tables: Vec<String> = report.tables.iter().map(|table| table.table.to_owned()).collect();
    let details = json!({ "added": report.sum(|table| table.added), "replaced": report.sum(|table| table.replaced) });
    Ok(context.author().record(transaction, Audited::LoadData, &tables, details).await?)
}
