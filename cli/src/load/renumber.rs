//! `--renumber`: replaces the files' ids. MIMIC has 64-bit ids, and the schema 32-bit columns.
//!
//! Every id of a table is replaced with a new one, counted up from the table's largest stored id. References to it get the same new id.
//! [`IdFile`] keeps the mapping for a later run.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use csv::ByteRecord;
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::cell::{self, Problem};
use super::column::Column;
use super::id_file::{CONTINUED, IdFile, Row, Unconfirmed, WRITTEN_BY};
use super::ids_of::IdsOf;
use super::layout::Layout;
use super::tables;
use crate::failure::Failure;

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
    file: IdFile,
    spaces: BTreeMap<String, Space>,
    /// Tables by the concept of a domain or of a table's key.
    named: HashMap<i128, String>,
    has_new: bool,
}

/// The ids of a table.
#[derive(Default)]
struct Space {
    /// Stored ids by original ids.
    stored: HashMap<i64, i32>,
    /// The largest stored id.
    last: i32,
    /// `last` before this load.
    before: i32,
}

impl Ids {
    /// Reads `file`, if it exists, and the largest stored ids. The tables must be locked, or another load could take the ids.
    pub async fn read(file: &Path, connection: &mut PgConnection) -> Result<Self, Failure> {
        let file = IdFile::open(file, connection).await?;
        let mut ids = Self { file, spaces: BTreeMap::new(), named: HashMap::new(), has_new: false };
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
        ids.read_file()?;
        ids.spaces.values_mut().for_each(|space| space.before = space.last);
        Ok(ids)
    }

    fn read_file(&mut self) -> Result<(), Failure> {
        let Self { file, spaces, .. } = self;
        let mut taken: HashMap<String, HashSet<i32>> = HashMap::new();
        file.read(|(table, original, stored): Row| {
            let space = spaces.get_mut(&table).ok_or("column table: is not a clinical table with an id")?;
            let stored = i32::try_from(stored).ok().filter(|id| *id > 0);
            let stored = stored.ok_or("column stored: is not an id from 1 to 2147483647")?;
            // two patients with one id would become one
            if !taken.entry(table).or_default().insert(stored) {
                return Err("column stored: an earlier row has this id".to_owned());
            }
            space.last = space.last.max(stored);
            match space.stored.insert(original, stored) {
                None => Ok(()),
                Some(_) => Err("column original: an earlier row has this id".to_owned()),
            }
        })
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
        self.has_new = true;
        Ok(stored)
    }

    /// Forgets ids of rows that were referred to but not loaded, because another load may take these ids. Returns notes about them.
    pub async fn forget_dangling(&mut self, connection: &mut PgConnection) -> Result<Vec<String>, Failure> {
        let mut notes = Vec::new();
        for (table, space) in self.spaces.iter_mut().filter(|(_, space)| space.last > space.before) {
            let Some(key) = key_of(table) else { continue };
            let count = format!("SELECT count(*) FROM {table} WHERE {key} > $1");
            let count: i64 = sqlx::query_scalar(&count).bind(space.before).fetch_one(&mut *connection).await?;
            if count == i64::from(space.last - space.before) {
                continue;
            }
            let loaded = format!("SELECT {key} FROM {table} WHERE {key} > $1");
            let loaded: Vec<i32> = sqlx::query_scalar(&loaded).bind(space.before).fetch_all(&mut *connection).await?;
            let loaded: HashSet<i32> = loaded.into_iter().collect();
            let known = space.stored.len();
            space.stored.retain(|_, id| *id <= space.before || loaded.contains(id));
            match known - space.stored.len() {
                0 => {}
                gone => notes.push(format!(
                    "{gone} rows of {table} are referred to, but not loaded: their ids are not kept, so load the files together"
                )),
            }
        }
        Ok(notes)
    }

    /// Writes a new file next to the old one, if there are new ids. Adds the numbers that identify the file to the `details` of the audit entry.
    pub fn write(&self, details: &mut Value) -> Result<Option<Unconfirmed>, Failure> {
        if !self.has_new {
            return Ok(None);
        }
        let mut random = [0; 8];
        aws_lc_rs::rand::fill(&mut random).map_err(|_| Failure::new("the system has no random numbers"))?;
        let load = i64::from_le_bytes(random) & i64::MAX;
        // as text, because JSON readers round 64-bit numbers
        details[WRITTEN_BY] = json!(load.to_string());
        details[CONTINUED] = json!(self.file.written_by.map(|before| before.to_string()));
        let rows = self.spaces.iter().flat_map(|(table, space)| {
            let mut ids: Vec<_> = space.stored.iter().map(|(original, stored)| (*stored, *original)).collect();
            ids.sort_unstable();
            ids.into_iter().map(|(stored, original)| (table.as_str(), original, stored))
        });
        self.file.write(load, rows).map(Some)
    }
}

fn key_of(table: &str) -> Option<String> {
    // the only tables without an id
    (!matches!(table, "death" | "fact_relationship")).then(|| format!("{table}_id"))
}

/// Records, for each column of ids in a clinical table, which table the ids belong to.
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
