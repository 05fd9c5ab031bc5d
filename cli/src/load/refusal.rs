//! Explains a refused load: what is wrong, and what to do about it.

use std::collections::BTreeSet;

use sqlx::PgConnection;

use super::diagnosis::{self, Diagnosis};
use super::directory::Directory;
use super::errors::{self, Error};
use super::file::TableFile;
use super::progress::Progress;
use super::rows::Leniency;
use super::stopped::Stopped;
use super::tables;
use crate::failure::Failure;
use crate::output::Output;

/// Collects all errors in the files; `first` is the one that stopped the load.
pub async fn of(
    first: Failure,
    fitting: &[TableFile],
    directory: &Directory,
    errors: Option<&Output>,
    adds_concepts: bool,
    leniency: &mut Leniency,
    transaction: &mut PgConnection,
) -> Result<Failure, Failure> {
    let mut progress = Progress::of(fitting.iter().map(|file| file.place.bytes()).sum());
    let diagnosis = Box::pin(diagnosis::of(fitting, leniency, adds_concepts, transaction, &mut progress)).await;
    let diagnosis = match diagnosis {
        Ok(diagnosis) if !diagnosis.tables.is_empty() => diagnosis,
        Ok(_) | Err(Stopped::Row(_)) => return Ok(first),
        Err(Stopped::Failure(failure)) => return Err(failure),
    };
    errors.map_or(Ok(()), |output| errors::write(&diagnosis.tables, output))?;
    Ok(errors::failure(&diagnosis.tables, &remedies(&diagnosis, directory, leniency)))
}

/// Returns what to do, for each kind of error that has a remedy.
fn remedies(diagnosis: &Diagnosis, directory: &Directory, leniency: &Leniency) -> BTreeSet<String> {
    let mut remedies = BTreeSet::new();
    for (table, missing_in) in &diagnosis.missing_in {
        remedies.insert(match (tables::command_of(missing_in), &directory.cpt4) {
            (Some(command), _) if tables::command_of(table) != Some(command) => {
                format!("{command} DIR first; --add-missing-concepts if the vocabulary is incomplete, without these concepts")
            }
            (_, Some(cpt4)) if missing_in == "concept" => format!(
                "{cpt4} exists: its concepts are added to CONCEPT.csv by Athena's cpt.sh (cpt.bat on Windows). Run it in the unpacked directory with the key of your UMLS account: ./cpt.sh KEY"
            ),
            _ => {
                let table = missing_in;
                let remedy = format!("rows that others refer to must be in the directory's file of {table}, or loaded before");
                if matches!(table.as_str(), "concept" | "relationship") {
                    format!("{remedy}; --add-missing-concepts adds concepts that an incomplete vocabulary lacks")
                } else {
                    remedy
                }
            }
        });
    }
    let problems = || diagnosis.tables.iter().flat_map(|table| &table.errors);
    let is_beyond_32_bits = |error: &Error| {
        let of_id = |column: &String| column.ends_with("_id") && !column.contains("concept");
        error.column.as_ref().is_some_and(of_id) && error.problem.starts_with("the number is too large")
    };
    if leniency.ids.is_none() && problems().any(is_beyond_32_bits) {
        remedies.insert("ids have 32 bits: --renumber FILE replaces them, and writes the mapping to FILE".to_owned());
    }
    if !leniency.truncates && problems().any(|error| error.problem.starts_with("has more than")) {
        remedies.insert("--truncate cuts texts that are too long".to_owned());
    }
    remedies
}
