//! The OMOP tables that a wide file becomes.

use std::collections::HashSet;
use std::sync::Arc;

use csv::Writer;
use sqlx::PgConnection;

use crate::failure::Failure;
use crate::load::place::Converted;

/// The tables in loading order.
pub const NAMES: [&str; 4] = ["person", "visit_occurrence", "measurement", "observation"];

/// The largest stored ids.
pub struct Last {
    pub person: i32,
    pub visit: i32,
    pub observation: i32,
    pub measurement: i32,
}

/// The rows of a table.
pub struct Rows {
    csv: Writer<Vec<u8>>,
    /// Byte offset of each row, and the line of the wide file that it was made of.
    lines: Vec<(u64, u64)>,
}

/// The rows of all tables, and what is stored.
pub struct Tables {
    pub last: Last,
    /// Ids of persons that are stored, or in an earlier row.
    pub taken: HashSet<i32>,
    /// Stored `person_source_value`s.
    pub sources: HashSet<String>,
    pub limits: Limits,
    pub person: Rows,
    pub visit: Rows,
    pub observation: Rows,
    pub measurement: Rows,
}

/// Maximum numbers of characters of texts. They are checked here, because errors have to name the column of the wide file.
#[derive(Clone, Copy, Default)]
pub struct Limits {
    pub person_source_value: Option<usize>,
    pub value_as_string: Option<usize>,
}

impl Last {
    async fn read(connection: &mut PgConnection) -> Result<Self, Failure> {
        let last = sqlx::query_as!(
            Self,
            r#"SELECT (SELECT coalesce(max(person_id), 0) FROM person) AS "person!",
                      (SELECT coalesce(max(visit_occurrence_id), 0) FROM visit_occurrence) AS "visit!",
                      (SELECT coalesce(max(observation_id), 0) FROM observation) AS "observation!",
                      (SELECT coalesce(max(measurement_id), 0) FROM measurement) AS "measurement!""#
        );
        Ok(last.fetch_one(connection).await?)
    }
}

impl Tables {
    /// Reads what is stored. The tables must be locked, or another load could take the same ids.
    pub async fn over(connection: &mut PgConnection, limits: Limits) -> Result<Self, Failure> {
        let last = Last::read(connection).await?;
        let stored = sqlx::query!("SELECT person_id, person_source_value FROM person").fetch_all(connection).await?;
        let stored = stored.into_iter().map(|person| (person.person_id, person.person_source_value));
        let (taken, sources): (HashSet<i32>, Vec<Option<String>>) = stored.unzip();
        Ok(Self {
            last,
            taken,
            sources: sources.into_iter().flatten().filter(|source| !source.is_empty()).collect(),
            limits,
            person: Rows::of(
                "person_id,gender_concept_id,year_of_birth,race_concept_id,ethnicity_concept_id,person_source_value",
            ),
            visit: Rows::of(
                "visit_occurrence_id,person_id,visit_concept_id,visit_start_date,visit_end_date,visit_type_concept_id",
            ),
            observation: Rows::of(
                "observation_id,person_id,visit_occurrence_id,observation_date,observation_concept_id,observation_type_concept_id,value_as_string,unit_concept_id",
            ),
            measurement: Rows::of(
                "measurement_id,person_id,visit_occurrence_id,measurement_date,measurement_concept_id,measurement_type_concept_id,value_as_number,unit_concept_id",
            ),
        })
    }

    /// Returns the tables, made of the wide file `file`.
    pub fn finish(self, file: &str) -> Result<Vec<(&'static str, Converted)>, Failure> {
        let rows = [self.person, self.visit, self.measurement, self.observation];
        NAMES.into_iter().zip(rows).map(|(table, rows)| Ok((table, rows.finish(file)?))).collect()
    }
}

impl Rows {
    fn of(header: &str) -> Self {
        Self { csv: Writer::from_writer(format!("{header}\n").into_bytes()), lines: Vec::new() }
    }

    /// Adds a row that was made of this line of the wide file.
    pub fn add(&mut self, line: u64, cells: impl IntoIterator<Item: AsRef<[u8]>>) -> Result<(), Failure> {
        self.csv.flush()?;
        self.lines.push((self.csv.get_ref().len() as u64, line));
        Ok(self.csv.write_record(cells)?)
    }

    fn finish(self, file: &str) -> Result<Converted, Failure> {
        let content = self.csv.into_inner().map_err(|error| Failure::from(error.into_error()))?;
        Ok(Converted { file: file.to_owned(), content: content.into(), lines: Arc::from(self.lines) })
    }
}
