//! Strata: groups of participants or cases with equal cells in some columns of their file.

use std::collections::BTreeMap;

use crate::columns;
use crate::table_text::Table;

/// The stratum of each key of a file.
#[derive(Debug)]
pub struct Strata {
    by_key: BTreeMap<String, String>,
}

impl Strata {
    /// Reads a file whose column with one of these names identifies each participant or case.
    ///
    /// # Errors
    /// If a column is missing, or a participant or case has two strata. `key` is the design's key that names the columns.
    pub fn read(text: &str, keys: &[&str], columns: &[String], key: &str) -> Result<Self, String> {
        let table = Table::parse(text)?;
        let key_column = columns::find(&table, keys);
        let key_column = key_column.ok_or_else(|| format!("row 1: the header has no column {}", keys[0]))?;
        let find = |(index, column): (usize, &String)| {
            let columns = table.header.join(", ");
            table.find(column).ok_or_else(|| format!("{key}[{index}]: there is no column {column}, only {columns}"))
        };
        let columns = columns.iter().enumerate().map(find).collect::<Result<Vec<_>, _>>()?;
        let (mut by_key, mut rows) = (BTreeMap::new(), BTreeMap::new());
        for row in &table.rows {
            let cells: Vec<&str> = columns.iter().map(|column| row.cell(*column)).collect();
            let (name, stratum) = (row.cell(key_column), cells.join(" · "));
            let first = *rows.entry(name).or_insert(row.line);
            if *by_key.entry(name.to_owned()).or_insert_with(|| stratum.clone()) != stratum {
                return Err(format!("rows {first} and {}: {key}: the same {} has different strata", row.line, keys[0]));
            }
        }
        Ok(Self { by_key })
    }

    /// Returns a single stratum for everybody.
    pub fn none() -> Self {
        Self { by_key: BTreeMap::new() }
    }

    /// Returns the keys of the file.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.by_key.keys().map(String::as_str)
    }

    /// Returns the names of the strata, sorted and without duplicates.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.by_key.values().cloned().collect();
        names.sort_unstable();
        names.dedup();
        if names.is_empty() { vec![String::new()] } else { names }
    }

    /// Returns the number of a key's stratum: its index in `names`, or 0 without strata.
    pub fn of(&self, key: &str, names: &[String]) -> Option<usize> {
        if self.by_key.is_empty() {
            return Some(0);
        }
        let name = self.by_key.get(key)?;
        names.iter().position(|other| other == name)
    }
}
