//! Converts a row of a wide file to rows of OMOP tables.

use std::collections::HashSet;

use chrono::{Datelike as _, NaiveDate};
use shared::iso8601;
use sqlx::PgConnection;

use super::mapping::{Mapped, Target};
use crate::failure::Failure;
use crate::load::cell::{self, Problem};
use crate::table_text::Row;

/// The largest stored ids.
pub struct Last {
    person: i32,
    visit: i32,
    observation: i32,
    measurement: i32,
}

impl Last {
    pub async fn read(connection: &mut PgConnection) -> Result<Self, Failure> {
        let (person, visit, observation, measurement) = sqlx::query_as(
            "SELECT (SELECT coalesce(max(person_id), 0) FROM person), (SELECT coalesce(max(visit_occurrence_id), 0) FROM visit_occurrence),
                    (SELECT coalesce(max(observation_id), 0) FROM observation), (SELECT coalesce(max(measurement_id), 0) FROM measurement)",
        )
        .fetch_one(connection)
        .await?;
        Ok(Self { person, visit, observation, measurement })
    }
}

type File = csv::Writer<Vec<u8>>;

/// The files for a wide file.
pub struct Tables {
    last: Last,
    /// Ids of persons that are stored, or in an earlier row.
    pub taken: HashSet<i32>,
    limits: Limits,
    person: File,
    visit: File,
    observation: File,
    measurement: File,
}

/// Maximum numbers of characters of texts. They are checked here, because errors have to name the line in the wide file.
#[derive(Clone, Copy, Default)]
pub struct Limits {
    pub person_source_value: Option<usize>,
    pub value_as_string: Option<usize>,
}

impl Tables {
    pub fn new(last: Last, limits: Limits) -> Self {
        let [person, visit, observation, measurement] = std::array::from_fn(|_| csv::Writer::from_writer(Vec::new()));
        Self { last, taken: HashSet::new(), limits, person, visit, observation, measurement }
    }

    /// Returns names and contents of the files.
    pub fn finish(self) -> Result<Vec<(&'static str, Vec<u8>)>, Failure> {
        let files = [
            (
                "person.csv",
                self.person,
                "person_id,gender_concept_id,year_of_birth,race_concept_id,ethnicity_concept_id,person_source_value",
            ),
            (
                "visit_occurrence.csv",
                self.visit,
                "visit_occurrence_id,person_id,visit_concept_id,visit_start_date,visit_end_date,visit_type_concept_id",
            ),
            (
                "observation.csv",
                self.observation,
                "observation_id,person_id,visit_occurrence_id,observation_date,observation_concept_id,observation_type_concept_id,value_as_string,unit_concept_id",
            ),
            (
                "measurement.csv",
                self.measurement,
                "measurement_id,person_id,visit_occurrence_id,measurement_date,measurement_concept_id,measurement_type_concept_id,value_as_number,unit_concept_id",
            ),
        ];
        let files = files.into_iter().map(|(name, rows, header)| {
            let rows = rows.into_inner().map_err(|error| Failure::from(error.into_error()))?;
            Ok((name, [header.as_bytes(), b"\n", &rows].concat()))
        });
        files.collect()
    }
}

/// A column, and what is wrong with its cell.
type Wrong = (String, String);

/// Adds a patient, a visit, and its data. Returns what is wrong.
pub fn add(
    row: &Row,
    mapping: &[Mapped],
    visit_date: Option<NaiveDate>,
    tables: &mut Tables,
) -> Result<Vec<Wrong>, Failure> {
    let mut reading = Reading { row, mapping, wrong: Vec::new() };
    let date =
        match reading.read(Target::VisitDate, |text| Ok(iso8601::date_time(text).ok_or(Problem::NotDate)?.0.date())) {
            Some(date) => Some(date),
            None if visit_date.is_none() => {
                reading.required(
                    Target::VisitDate,
                    "visit_date",
                    "is empty: map a column to visit_date, or add --visit-date",
                );
                None
            }
            None => visit_date,
        };
    let year = reading.read(Target::YearOfBirth, |text| whole(text, 1850, 2100));
    let age = reading.read(Target::Age, age);
    let year = year.or_else(|| Some(date?.year() - age?));
    // a wrong date or age has been reported already
    if year.is_none() && reading.wrong.is_empty() {
        let is_mapped = mapping.iter().any(|mapped| mapped.target == Target::YearOfBirth);
        let (target, name) = if is_mapped { (Target::YearOfBirth, "year_of_birth") } else { (Target::Age, "age") };
        reading.required(target, name, "is required, but empty");
    }
    let mut concept = |target| reading.read(target, |text| whole(text, 0, i32::MAX)).unwrap_or_default();
    let [gender, race, ethnicity] = [Target::Gender, Target::Race, Target::Ethnicity].map(&mut concept);
    let visit_concept = concept(Target::VisitConcept);
    let person = reading.read(Target::PersonId, |text| whole(text, i32::MIN, i32::MAX));
    let person = person.unwrap_or_else(|| {
        tables.last.person += 1;
        tables.last.person
    });
    if !tables.taken.insert(person) {
        reading.required(Target::PersonId, "person_id", "is already stored, or used in an earlier row");
    }
    let source =
        reading.read(Target::PersonSourceValue, |text| short(text.to_owned(), tables.limits.person_source_value));
    let source = source.unwrap_or_default();
    let numbers: Vec<_> = mapping.iter().filter(|mapped| mapped.target == Target::Measurement).collect();
    let numbers: Vec<_> = numbers.into_iter().filter_map(|mapped| Some((mapped, reading.number(mapped)?))).collect();
    let texts: Vec<_> = mapping.iter().filter(|mapped| mapped.target == Target::Observation).collect();
    let limit = tables.limits.value_as_string;
    let texts: Vec<_> = texts.into_iter().filter_map(|mapped| Some((mapped, reading.text(mapped, limit)?))).collect();
    let (Some(date), Some(year), true) = (date, year, reading.wrong.is_empty()) else { return Ok(reading.wrong) };

    let date = format!("{date:?}");
    tables.last.visit += 1;
    let visit = tables.last.visit;
    let optional = |id: Option<i32>| id.map(|id| id.to_string()).unwrap_or_default();
    let [person, visit] = [person, visit].map(|id| id.to_string());
    let [gender, race, ethnicity, year] = [gender, race, ethnicity, year].map(|id| id.to_string());
    tables.person.write_record([&person, &gender, &year, &race, &ethnicity, &source])?;
    tables.visit.write_record([&visit, &person, &visit_concept.to_string(), &date, &date, &"0".to_owned()])?;
    for (mapped, text) in texts {
        tables.last.observation += 1;
        let ids = [tables.last.observation, mapped.concept_id, mapped.type_concept_id].map(|id| id.to_string());
        let [id, concept, kind] = &ids;
        let unit = optional(mapped.unit_concept_id);
        tables.observation.write_record([id, &person, &visit, &date, concept, kind, &text, &unit])?;
    }
    for (mapped, number) in numbers {
        tables.last.measurement += 1;
        let ids = [tables.last.measurement, mapped.concept_id, mapped.type_concept_id].map(|id| id.to_string());
        let [id, concept, kind] = &ids;
        let unit = optional(mapped.unit_concept_id);
        tables.measurement.write_record([id, &person, &visit, &date, concept, kind, &number, &unit])?;
    }
    Ok(Vec::new())
}

/// A row being read, and its errors so far.
struct Reading<'a> {
    row: &'a Row,
    mapping: &'a [Mapped],
    wrong: Vec<Wrong>,
}

impl Reading<'_> {
    /// Parses the cell of this target, if there is one and it is not empty.
    fn read<T>(&mut self, target: Target, parse: impl FnOnce(&str) -> Result<T, Problem>) -> Option<T> {
        let mapped = self.mapping.iter().find(|mapped| mapped.target == target)?;
        self.parse(mapped, parse)
    }

    fn parse<T>(&mut self, mapped: &Mapped, parse: impl FnOnce(&str) -> Result<T, Problem>) -> Option<T> {
        let text = self.row.cell(mapped.cell);
        if text.is_empty() {
            return None;
        }
        let Some(value) = mapped.value(text) else {
            self.wrong.push((mapped.column.clone(), "is not one of the mapping's values".to_owned()));
            return None;
        };
        parse(value).map_err(|problem| self.wrong.push((mapped.column.clone(), problem.to_string()))).ok()
    }

    fn number(&mut self, mapped: &Mapped) -> Option<String> {
        self.parse(mapped, |text| cell::number(text).map(str::to_owned))
    }

    fn text(&mut self, mapped: &Mapped, limit: Option<usize>) -> Option<String> {
        let label = if mapped.label.is_empty() { String::new() } else { format!("{}: ", mapped.label) };
        self.parse(mapped, |text| short(format!("{label}{text}"), limit))
    }

    /// Reports a missing cell, unless it has been reported as wrong.
    fn required(&mut self, target: Target, name: &str, problem: &str) {
        let mapped = self.mapping.iter().find(|mapped| mapped.target == target);
        let column = mapped.map_or(name, |mapped| mapped.column.as_str()).to_owned();
        if self.wrong.iter().all(|(other, _)| *other != column) {
            self.wrong.push((column, problem.to_owned()));
        }
    }
}

fn short(text: String, limit: Option<usize>) -> Result<String, Problem> {
    cell::check_length(&text, limit).map(|()| text)
}

fn whole(text: &str, least: i32, most: i32) -> Result<i32, Problem> {
    let (least_allowed, most_allowed) = (i64::from(least), i64::from(most));
    let number = i32::try_from(cell::integer(text)?).ok().filter(|number| (least..=most).contains(number));
    number.ok_or(Problem::OutOfRange(least_allowed, most_allowed))
}

/// Parses years, or the middle of a range of years.
fn age(text: &str) -> Result<i32, Problem> {
    let (from, to) = text.split_once('-').unwrap_or((text, text));
    Ok(i32::midpoint(whole(from.trim(), 0, 130)?, whole(to.trim(), 0, 130)?))
}
