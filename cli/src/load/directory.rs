//! Assigns the files of a directory or a ZIP archive to tables.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde::Serialize;

use super::place::{Converted, Place};
use super::tables;
use crate::failure::Failure;

const EXTENSIONS: [&str; 3] = ["csv", "tsv", "txt"];
const OTHER_FORMAT: &str = "is not .csv, .tsv or .txt, plain or .gz";
/// CPT-4 concepts without names, which Athena may not deliver.
const CPT4: &str = "concept_cpt4";

/// The files of a directory.
pub struct Directory {
    /// Tables with their files, in loading order.
    pub files: Vec<(&'static str, Place)>,
    /// Ignored files.
    pub skipped: Vec<Skipped>,
    /// Athena's `CONCEPT_CPT4.csv`.
    pub cpt4: Option<Place>,
    /// Notes on what the files leave out.
    pub notes: Vec<String>,
}

/// An ignored file.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    pub file: String,
    pub reason: String,
}

impl Directory {
    /// Finds the files of `wanted`: `person.csv`, `PERSON.csv`, `person.tsv.gz`, …; without those of `unwanted`.
    pub fn read(path: &Path, wanted: &[&'static str], unwanted: &[String]) -> Result<Self, Failure> {
        let at = |error: io::Error| Failure::new(format!("{}: {error}", path.display()));
        let mut named: BTreeMap<String, Vec<Place>> = BTreeMap::new();
        let (mut files, mut skipped) = (Vec::new(), Vec::new());
        for place in places(path).map_err(at)? {
            let name = place.name();
            match table_of(&name) {
                Some(table) => named.entry(table).or_default().push(place),
                // a table that is there in another format must not be missed silently
                None if is_named_after_table(&name) => skipped.push(skip(&place, OTHER_FORMAT)),
                None => {}
            }
        }
        for &table in wanted {
            let places = named.remove(table).unwrap_or_default();
            if unwanted.iter().any(|other| other == table) {
                skipped.extend(places.iter().map(|place| skip(place, "--skip names its table")));
                continue;
            }
            match &places[..] {
                [] => {}
                [place] => files.push((table, place.clone())),
                several => return Err(ambiguous(table, several)),
            }
        }
        let cpt4 = named.remove(CPT4).and_then(|places| places.into_iter().next());
        if files.is_empty() {
            let remedy = match named.keys().find_map(|table| tables::command_of(table)) {
                Some(command) => format!("its files are for {command}"),
                None if skipped.iter().any(|skipped| skipped.reason == OTHER_FORMAT) => {
                    let told: Vec<String> =
                        skipped.iter().map(|Skipped { file, reason }| format!("{file}: {reason}")).collect();
                    told.join("\n")
                }
                None => format!("expected some of {}, as .csv, .tsv or .txt, plain or .gz", wanted.join(", ")),
            };
            return Err(Failure::new(format!("{}: no file is named after a table", path.display())).with_remedy(remedy));
        }
        skipped.extend(cpt4.iter().map(|place| skip(place, &reason(CPT4))));
        skipped.extend(named.iter().flat_map(|(table, places)| places.iter().map(|place| skip(place, &reason(table)))));
        skipped.sort_by(|one, other| one.file.cmp(&other.file));
        Ok(Self { files, skipped, cpt4, notes: Vec::new() })
    }

    /// Creates a directory of tables that were made of another file, without those of `unwanted`.
    pub fn of_converted(tables: Vec<(&'static str, Converted)>, notes: Vec<String>, unwanted: &[String]) -> Self {
        let tables = tables.into_iter().filter(|(table, _)| unwanted.iter().all(|other| other != table));
        let files = tables.map(|(table, converted)| (table, Place::Converted(converted))).collect();
        Self { files, skipped: Vec::new(), cpt4: None, notes }
    }
}

/// Returns the files of a directory or an archive.
fn places(path: &Path) -> io::Result<Vec<Place>> {
    if path.is_file() {
        return Place::of_archive(path);
    }
    let mut places = Vec::new();
    for entry in fs::read_dir(path)? {
        let file = entry?.path();
        if file.is_file() {
            places.push(Place::File(file));
        }
    }
    Ok(places)
}

/// Returns the table that a file is named after, known or not, or `None` for other files. `PhysioNet` numbers files: `2b_concept.csv`.
fn table_of(name: &str) -> Option<String> {
    let name = name.to_lowercase();
    let plain = name.strip_suffix(".gz").unwrap_or(&name);
    let (table, extension) = plain.rsplit_once('.')?;
    EXTENSIONS.contains(&extension).then(|| without_number(table).to_owned())
}

fn without_number(table: &str) -> &str {
    let numbered = table.split_once('_').filter(|(number, table)| {
        number.starts_with(|first: char| first.is_ascii_digit()) && tables::command_of(table).is_some()
    });
    numbered.map_or(table, |(_, table)| table)
}

/// Returns whether a file is named after a table, in whatever format: `measurement.parquet`, `measurement.csv.zip`.
fn is_named_after_table(name: &str) -> bool {
    let name = name.to_lowercase();
    let stem = name.split('.').next().unwrap_or_default();
    tables::command_of(without_number(stem)).is_some()
}

fn ambiguous(table: &str, places: &[Place]) -> Failure {
    let mut names: Vec<String> = places.iter().map(Place::name).collect();
    names.sort();
    Failure::new(format!("{} are all files of the table {table}", names.join(", "))).with_remedy("keep one of them")
}

fn reason(table: &str) -> String {
    match tables::command_of(table) {
        Some(command) => format!("{command} loads it"),
        None => "the schema has no such table".to_owned(),
    }
}

fn skip(place: &Place, reason: &str) -> Skipped {
    Skipped { file: place.name(), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_assigned_to_the_table_in_its_name() {
        for (file, table) in [
            ("person.csv", Some("person")),
            ("PERSON.CSV.GZ", Some("person")),
            ("concept.tsv", Some("concept")),
            ("2b_concept.csv", Some("concept")),
            ("2b_nothing.csv", Some("2b_nothing")),
            ("README.md", None),
            ("person", None),
        ] {
            assert_eq!(table_of(file).as_deref(), table, "{file}");
        }
    }
}
