//! `--renumber`: replaces the files' ids. MIMIC has 64-bit ids, and the schema 32-bit columns.
//!
//! Every id of a table is replaced with a new one, counted up from the largest stored id, and the same wherever a file refers to it. The
//! mapping is a file of `table,original,stored`, which a later run reads and continues.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use csv::ByteRecord;
use sqlx::PgConnection;

use super::cell::{self, Problem};
use super::column::Column;
use super::ids_of::IdsOf;
use super::layout::Layout;
use super::tables;
use crate::failure::Failure;
use crate::output::Output;

/// Tables by the concept of a domain, as used by `fact_relationship`.
const DOMAINS: [(i128, &str); 12] = [
    (8, "visit_occurrence"),
    (10, "procedure_occurrence"),
    (13, "drug_exposure"),
    (17, "device_exposure"),
    (19, "condition_occurrence"),
    (21, "measurement"),
    (27, "observation"),
    (36, "specimen"),
    (56, "person"),
    (57, "care_site"),
    (5085, "note"),
    (5_147_172, "visit_detail"),
];

/// Mapping of original to stored ids.
pub struct Ids {
    output: Output,
    spaces: BTreeMap<String, Space>,
    /// Tables by the concept of a domain or of a table's key.
    named: HashMap<i128, String>,
}

#[derive(Default)]
struct Space {
    stored: HashMap<i64, i32>,
    last: i32,
}

impl Ids {
    /// Reads `file`, if it exists, and the largest stored ids.
    pub async fn read(file: &Path, connection: &mut PgConnection) -> Result<Self, Failure> {
        let output = file.to_string_lossy().parse().unwrap_or_default();
        let mut ids = Self { output, spaces: BTreeMap::new(), named: HashMap::new() };
        ids.named.extend(DOMAINS.map(|(concept, table)| (concept, table.to_owned())));
        // concepts of keys have the key's name: visit_occurrence.visit_occurrence_id
        let keys: Vec<(i32, String)> =
            sqlx::query_as("SELECT concept_id, split_part(concept_name, '.', 1) FROM concept WHERE vocabulary_id = 'CDM' AND concept_name LIKE '%.%\\_id'")
                .fetch_all(&mut *connection)
                .await?;
        ids.named.extend(keys.into_iter().map(|(concept, table)| (concept.into(), table.to_lowercase())));
        for table in tables::CLINICAL {
            let last: Option<i32> = match key_of(table) {
                Some(key) => {
                    sqlx::query_scalar(&format!("SELECT max({key}) FROM {table}")).fetch_one(&mut *connection).await?
                }
                None => continue,
            };
            ids.spaces.insert((*table).to_owned(), Space { last: last.unwrap_or_default().max(0), ..Space::default() });
        }
        if file.exists() {
            ids.read_file(file)?;
        }
        Ok(ids)
    }

    fn read_file(&mut self, file: &Path) -> Result<(), Failure> {
        let mut reader = csv::Reader::from_path(file)?;
        for row in reader.deserialize() {
            let (table, original, stored): (String, i64, i32) = row.map_err(|error| {
                let line = error.position().map_or(0, csv::Position::line);
                Failure::new(format!("{}: line {line}: is not of the form table,original,stored", file.display()))
                    .with_remedy("name a file that an earlier --renumber has written, or one that is not there yet")
            })?;
            let space = self.spaces.entry(table).or_default();
            space.last = space.last.max(stored);
            space.stored.insert(original, stored);
        }
        Ok(())
    }

    /// Returns the stored id for the one in `cell`.
    pub fn stored(&mut self, cell: &[u8], of: &IdsOf, cells: &ByteRecord) -> Result<i32, Problem> {
        let integer = |cell: &[u8]| cell::integer(str::from_utf8(cell).map_err(|_| Problem::NotUtf8)?.trim_ascii());
        let original = integer(cell)?;
        let original = i64::try_from(original).map_err(|_| Problem::OutOfRange(i64::MIN, i64::MAX))?;
        let table = match of {
            IdsOf::Table(table) => table.as_str(),
            IdsOf::NamedBy(by) => {
                let concept = integer(cells.get(*by).unwrap_or_default()).map_err(|_| Problem::UnknownTable)?;
                self.named.get(&concept).ok_or(Problem::UnknownTable)?
            }
        };
        let space = self.spaces.get_mut(table).ok_or(Problem::UnknownTable)?;
        if let Some(stored) = space.stored.get(&original) {
            return Ok(*stored);
        }
        let stored = space.last.checked_add(1).ok_or(Problem::OutOfRange(1, i32::MAX.into()))?;
        space.last = stored;
        space.stored.insert(original, stored);
        Ok(stored)
    }

    /// Rewrites the file.
    pub fn write(&self) -> Result<(), Failure> {
        let mut writer = csv::Writer::from_writer(self.output.open()?);
        writer.write_record(["table", "original", "stored"])?;
        for (table, space) in &self.spaces {
            let mut ids: Vec<_> = space.stored.iter().map(|(original, stored)| (*stored, *original)).collect();
            ids.sort_unstable();
            for (stored, original) in ids {
                writer.write_record([table, &original.to_string(), &stored.to_string()])?;
            }
        }
        writer.into_inner().map_err(|error| Failure::from(error.into_error()))?.keep()
    }
}

fn key_of(table: &str) -> Option<String> {
    // the only tables without an id
    (!matches!(table, "death" | "fact_relationship")).then(|| format!("{table}_id"))
}

/// Sets for each column of a clinical table whose ids it contains.
pub fn mark(layout: &mut Layout) {
    let cell_of = |layout: &Layout, name: &str| layout.find(name).map(|filled| filled.cell);
    let named_by: Vec<Option<usize>> = layout
        .filled
        .iter()
        .map(|filled| {
            let by = match filled.column.name.as_str() {
                "fact_id_1" => "domain_concept_id_1",
                "fact_id_2" => "domain_concept_id_2",
                "measurement_event_id" => "meas_event_field_concept_id",
                "observation_event_id" => "obs_event_field_concept_id",
                "note_event_id" => "note_event_field_concept_id",
                _ => return None,
            };
            cell_of(layout, by)
        })
        .collect();
    for (filled, named_by) in layout.filled.iter_mut().zip(named_by) {
        filled.ids_of = named_by.map(IdsOf::NamedBy).or_else(|| table_of(&filled.column).map(IdsOf::Table));
    }
}

/// Returns the clinical table that a column refers to, by its constraint or by its name: `preceding_visit_occurrence_id`.
fn table_of(column: &Column) -> Option<String> {
    if let Some(reference) = &column.refers_to {
        return tables::CLINICAL.contains(&reference.table.as_str()).then(|| reference.table.clone());
    }
    let name = column.name.strip_prefix("preceding_").or(column.name.strip_prefix("parent_")).unwrap_or(&column.name);
    tables::CLINICAL.iter().find(|table| key_of(table).as_deref() == Some(name)).map(|table| (*table).to_owned())
}
