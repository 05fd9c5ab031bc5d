//! The mapping of a wide file's columns: CSV of `column,target,concept_id,label,values,unit_concept_id,type_concept_id`, of which only the
//! first two are required.

use crate::failure::Failure;
use crate::input::Input;
use crate::table_text::{Row, Table};

/// Target of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    PersonId,
    PersonSourceValue,
    Gender,
    YearOfBirth,
    /// Years at the visit: 57, or 55-59.
    Age,
    Race,
    Ethnicity,
    VisitDate,
    VisitConcept,
    Observation,
    Measurement,
}

const TARGETS: [(&str, Target); 11] = [
    ("person_id", Target::PersonId),
    ("person_source_value", Target::PersonSourceValue),
    ("gender", Target::Gender),
    ("year_of_birth", Target::YearOfBirth),
    ("age", Target::Age),
    ("race", Target::Race),
    ("ethnicity", Target::Ethnicity),
    ("visit_date", Target::VisitDate),
    ("visit_concept", Target::VisitConcept),
    ("observation", Target::Observation),
    ("measurement", Target::Measurement),
];

/// A column and its target.
#[derive(Debug)]
pub struct Mapped {
    /// Index of its cell in the wide file.
    pub cell: usize,
    pub column: String,
    pub target: Target,
    /// Concept of an observation or a measurement.
    pub concept_id: i32,
    /// Prefix of an observation's text: `Diabetes: Yes`.
    pub label: String,
    /// Stored values for texts, ignoring case: `MALE=8507;FEMALE=8532`.
    values: Vec<(String, String)>,
    pub unit_concept_id: Option<i32>,
    pub type_concept_id: i32,
}

impl Mapped {
    /// Returns the stored value for a cell, or `None` if the mapping lists values but not this one.
    pub fn value<'a>(&'a self, cell: &'a str) -> Option<&'a str> {
        if self.values.is_empty() || cell.is_empty() {
            return Some(cell);
        }
        self.values.iter().find(|(from, _)| from.eq_ignore_ascii_case(cell)).map(|(_, to)| to.as_str())
    }
}

/// The columns of a mapping.
const COLUMNS: [&str; 7] = ["column", "target", "concept_id", "label", "values", "unit_concept_id", "type_concept_id"];

/// Parses a mapping of the columns in `header`.
pub fn read(file: &Input, header: &[String]) -> Result<Vec<Mapped>, Failure> {
    let table = Table::parse(&file.read_text()?).map_err(|problem| file.failure(problem))?;
    let names = ["column", "target"].map(|name| table.find(name));
    let [Some(column), Some(target)] = names else {
        return Err(file.failure("row 1: the header has no columns column and target"));
    };
    if let Some(unknown) = table.header.iter().find(|name| !name.is_empty() && !COLUMNS.contains(&name.as_str())) {
        return Err(file.failure(format!("row 1: the column {unknown} is not one of {}", COLUMNS.join(", "))));
    }
    let mut mapping: Vec<Mapped> = Vec::new();
    for row in &table.rows {
        let at = |problem: String| file.failure(format!("row {}: {problem}", row.line));
        let mapped = mapped(row, row.cell(column), row.cell(target), &table, header).map_err(at)?;
        let is_single = !matches!(mapped.target, Target::Observation | Target::Measurement);
        if is_single && mapping.iter().any(|other| other.target == mapped.target) {
            return Err(at(format!("an earlier row already has the target {}", row.cell(target))));
        }
        mapping.push(mapped);
    }
    if mapping.iter().all(|mapped| !matches!(mapped.target, Target::YearOfBirth | Target::Age)) {
        return Err(file.failure("no row has the target year_of_birth or age, which OMOP requires of a person"));
    }
    Ok(mapping)
}

fn mapped(row: &Row, column: &str, target: &str, table: &Table, header: &[String]) -> Result<Mapped, String> {
    let cell = |name: &str| table.find(name).map_or("", |column| row.cell(column));
    let concept = |name: &str| match cell(name) {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| format!("column {name}: is not a concept id")),
    };
    let mut places = (0..header.len()).filter(|place| header[*place] == column);
    let place = places.next().ok_or_else(|| format!("column column: the file has no column {column}"))?;
    if places.next().is_some() {
        return Err(format!("column column: the file has the column {column} twice"));
    }
    let known = TARGETS.iter().find(|(name, _)| *name == target).map(|(_, target)| *target);
    let target = known.ok_or_else(|| {
        let names: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
        format!("column target: is not one of {}", names.join(", "))
    })?;
    let concept_id = concept("concept_id")?;
    if concept_id.is_none() && matches!(target, Target::Observation | Target::Measurement) {
        return Err("column concept_id: is empty; an observation or a measurement needs a concept".to_owned());
    }
    let values = cell("values").split(';').filter(|pair| !pair.trim().is_empty()).map(|pair| {
        let (from, to) = pair.split_once('=').ok_or("column values: is not a list of FROM=TO;FROM=TO")?;
        Ok((from.trim().to_owned(), to.trim().to_owned()))
    });
    let values = values.collect::<Result<Vec<(String, String)>, String>>()?;
    let is_repeated =
        |index: usize| values[..index].iter().any(|(from, _)| from.eq_ignore_ascii_case(&values[index].0));
    if let Some(index) = (0..values.len()).find(|index| is_repeated(*index)) {
        return Err(format!("column values: {} occurs twice", values[index].0));
    }
    Ok(Mapped {
        cell: place,
        column: column.to_owned(),
        target,
        concept_id: concept_id.unwrap_or_default(),
        label: cell("label").to_owned(),
        values,
        unit_concept_id: concept("unit_concept_id")?,
        type_concept_id: concept("type_concept_id")?.unwrap_or_default(),
    })
}
