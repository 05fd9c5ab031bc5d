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
mod id_file;
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
mod transaction;
mod unstored;
mod wide;

use std::path::Path;

use indicatif::ProgressBar;
use serde_json::json;
use shared::audit::Action as Audited;
use shared::db::{Database, Transaction};
use sqlx::PgConnection;

use crate::context::Context;
use crate::failure::Failure;
use crate::report::Ending;

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
use id_file::Unconfirmed;
use layout::Layout;
use progress::Progress;
use renumber::Ids;
use report::{Loaded, LoadedTable};
use rows::Leniency;
use source::{Quoting, Source};
use stopped::Stopped;
use unstored::Unstored;

pub async fn run(arguments: Arguments, context: &Context) -> Result<Ending, Failure> {
    arguments.check()?;
    let unstored = tokio::select! {
        unstored = Box::pin(load(arguments.action, context)) => unstored?,
        _ = tokio::signal::ctrl_c() => return Err(Failure::new("interrupted; nothing was loaded")),
    };
    // do not stop at an interrupt here: nobody would know whether the rows are stored
    context.show(&unstored.store().await?)
}

/// Does everything but the commit.
async fn load(action: Action, context: &Context) -> Result<Unstored, Failure> {
    let db = context.owner_database().await?;
    match action {
        Action::Vocabulary(files) => {
            let directory =
                Directory::read(&files.directory, tables::VOCABULARY, checked(&files, tables::VOCABULARY)?)?;
            load_directory(directory, &files, tables::VOCABULARY, None, None, &db, context).await
        }
        Action::Clinical(Clinical { files, renumber, mapping: None, .. }) => {
            let directory = Directory::read(&files.directory, tables::CLINICAL, checked(&files, tables::CLINICAL)?)?;
            load_directory(directory, &files, tables::CLINICAL, renumber.as_deref(), None, &db, context).await
        }
        Action::Clinical(Clinical { files, mapping: Some(mapping), visit_date, .. }) => {
            checked(&files, tables::CLINICAL)?;
            let wide = wide::read(&files, &mapping)?;
            // lock before the ids are chosen, so that another load cannot take the same ones
            let mut transaction = transaction::begin(&db).await?;
            transaction::lock(&wide::TABLES, &mut transaction).await?;
            let directory = wide::convert(wide, &files, visit_date, &db, &mut transaction).await?;
            load_directory(directory, &files, tables::CLINICAL, None, Some(transaction), &db, context).await
        }
    }
}

/// Returns the tables to skip, after checking that the command has them.
fn checked<'a>(files: &'a Files, wanted: &[&str]) -> Result<&'a [String], Failure> {
    match files.skip.iter().find(|table| !wanted.contains(&table.as_str())) {
        None => Ok(&files.skip),
        Some(table) => Err(Failure::usage(format!(
            "--skip {table}: is not a table of this command; its tables are {}",
            wanted.join(", ")
        ))),
    }
}

/// Loads the files of `directory`, in `transaction` if it has locked their tables already.
async fn load_directory(
    directory: Directory,
    files: &Files,
    wanted: &[&'static str],
    renumber: Option<&Path>,
    transaction: Option<Transaction>,
    db: &Database,
    context: &Context,
) -> Result<Unstored, Failure> {
    let catalog = catalog::read(wanted, db).await?;
    let mut fitting = fit(&directory, files, &catalog)?;
    let mut transaction = match transaction {
        Some(transaction) => transaction,
        None => transaction::begin(db).await?,
    };
    let named: Vec<&str> = fitting.iter().map(|file| file.table).collect();
    // ids of tables without a file are chosen too, if a row refers to them
    transaction::lock(if renumber.is_some() { wanted } else { &named }, &mut transaction).await?;
    let mut leniency = Leniency { truncates: files.truncate, ..Leniency::default() };
    if let Some(file) = renumber {
        leniency.ids = Some(Ids::read(file, &mut transaction).await?);
        fitting.iter_mut().for_each(|file| renumber::mark(&mut file.layout));
    }
    let loaded = match copy_all(&fitting, &catalog, files, &mut leniency, &mut transaction).await {
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
    let mut notes = notes(&directory, &mut transaction).await?;
    notes.splice(0..0, directory.notes);
    if let Some(ids) = &mut leniency.ids {
        notes.extend(ids.forget_dangling(&mut transaction).await?);
    }
    let report = Loaded { is_stored: !files.check, tables: loaded, skipped: directory.skipped, notes };
    let ids = if files.check { None } else { finish(&report, leniency.ids, &mut transaction, context).await? };
    Ok(Unstored { transaction, report, ids })
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

async fn copy_all(
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

/// Updates the planner's statistics, and writes the ids and the audit trail.
async fn finish(
    report: &Loaded,
    ids: Option<Ids>,
    transaction: &mut PgConnection,
    context: &Context,
) -> Result<Option<Unconfirmed>, Failure> {
    for table in &report.tables {
        sqlx::query(&format!("ANALYZE {}", table.table)).execute(&mut *transaction).await?;
    }
    let tables: Vec<String> = report.tables.iter().map(|table| table.table.to_owned()).collect();
    let mut details =
        json!({ "added": report.sum(|table| table.added), "replaced": report.sum(|table| table.replaced) });
    let ids = ids.map_or(Ok(None), |ids| ids.write(&mut details))?;
    context.author().record(transaction, Audited::LoadData, &tables, details).await?;
    Ok(ids)
}
