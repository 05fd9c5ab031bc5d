//! Which file of a directory holds which table.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::tables;
use crate::failure::Failure;

const EXTENSIONS: [&str; 3] = ["csv", "tsv", "txt"];

/// The files of a directory.
pub struct Directory {
    /// Table and file, in the order in which they are loaded.
    pub files: Vec<(&'static str, PathBuf)>,
    /// What is left alone.
    pub skipped: Vec<Skipped>,
}

/// A file that is left alone.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    pub file: String,
    pub reason: String,
}

impl Directory {
    /// Looks for the files of `wanted`: `person.csv`, `PERSON.csv`, `person.tsv.gz`, ….
    pub fn read(path: &Path, wanted: &[&'static str]) -> Result<Self, Failure> {
        let at = |error| Failure::new(format!("{}: {error}", path.display()));
        let mut named: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
        for entry in fs::read_dir(path).map_err(at)? {
            let file = entry.map_err(at)?.path();
            if let Some(table) = table_of(&file).filter(|_| file.is_file()) {
                named.entry(table).or_default().push(file);
            }
        }
        let mut files = Vec::new();
        for &table in wanted {
            match named.remove(table).as_deref() {
                None => {}
                Some([file]) => files.push((table, file.clone())),
                Some(several) => return Err(ambiguous(table, several)),
            }
        }
        if files.is_empty() {
            let remedy = match named.keys().find_map(|table| tables::command_of(table)) {
                Some(command) => format!("its files are for {command}"),
                None => format!("expected some of {}, as .csv, .tsv or .txt, plain or .gz", wanted.join(", ")),
            };
            return Err(Failure::new(format!("{}: no file is named for a table", path.display())).with_remedy(remedy));
        }
        let mut skipped: Vec<Skipped> = named.iter().flat_map(|(table, files)| skip(table, files)).collect();
        skipped.sort_by(|one, other| one.file.cmp(&other.file));
        Ok(Self { files, skipped })
    }
}

/// The table that a file is named for, known or not; `None` for what is no table at all.
fn table_of(file: &Path) -> Option<String> {
    let name = file.file_name()?.to_str()?.to_lowercase();
    let plain = name.strip_suffix(".gz").unwrap_or(&name);
    let (table, extension) = plain.rsplit_once('.')?;
    EXTENSIONS.contains(&extension).then(|| table.to_owned())
}

fn ambiguous(table: &str, files: &[PathBuf]) -> Failure {
    let mut names: Vec<String> = files.iter().map(|file| name(file)).collect();
    names.sort();
    Failure::new(format!("{} are all named for the table {table}", names.join(", "))).with_remedy("keep one of them")
}

fn skip(table: &str, files: &[PathBuf]) -> Vec<Skipped> {
    let reason = match tables::command_of(table) {
        Some(command) => format!("{command} loads it"),
        None => "the schema has no such table".to_owned(),
    };
    files.iter().map(|file| Skipped { file: name(file), reason: reason.clone() }).collect()
}

fn name(file: &Path) -> String {
    file.file_name().unwrap_or_default().display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_for_its_table() {
        for (file, table) in [
            ("person.csv", Some("person")),
            ("in/PERSON.CSV.GZ", Some("person")),
            ("concept.tsv", Some("concept")),
            ("README.md", None),
            ("person", None),
        ] {
            assert_eq!(table_of(Path::new(file)).as_deref(), table, "{file}");
        }
    }
}
