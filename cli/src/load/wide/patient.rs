//! Converts a row of a wide file to rows of OMOP tables.

use chrono::{Datelike as _, NaiveDate};
use shared::iso8601;

use super::mapping::{Mapped, Target};
use super::tables::Tables;
use crate::failure::Failure;
use crate::load::cell::{self, Problem};
use crate::table_text::Row;

/// A column, and what is wrong with its cell.
type Wrong = (String, String);

const IS_STORED: &str =
    "a stored patient has this person_source_value: leave out the row, because each row becomes a new patient";

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
    let is_new = person.is_none();
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
    if is_new && tables.sources.contains(&source) {
        reading.required(Target::PersonSourceValue, "person_source_value", IS_STORED);
    }
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
    tables.person.add(row.line, [&person, &gender, &year, &race, &ethnicity, &source])?;
    tables.visit.add(row.line, [&visit, &person, &visit_concept.to_string(), &date, &date, &"0".to_owned()])?;
    for (mapped, text) in texts {
        tables.last.observation += 1;
        let ids = [tables.last.observation, mapped.concept_id, mapped.type_concept_id].map(|id| id.to_string());
        let [id, concept, kind] = &ids;
        let unit = optional(mapped.unit_concept_id);
        tables.observation.add(row.line, [id, &person, &visit, &date, concept, kind, &text, &unit])?;
    }
    for (mapped, number) in numbers {
        tables.last.measurement += 1;
        let ids = [tables.last.measurement, mapped.concept_id, mapped.type_concept_id].map(|id| id.to_string());
        let [id, concept, kind] = &ids;
        let unit = optional(mapped.unit_concept_id);
        tables.measurement.add(row.line, [id, &person, &visit, &date, concept, kind, &number, &unit])?;
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
