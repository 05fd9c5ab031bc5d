//! A recruitment survey as exported by Qualtrics: a header of codes, a line of questions, a line of import ids, then a line per person.

mod table;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use super::participant::normalised;
use crate::failure::Failure;
use crate::input::Input;
use table::Table;

/// A survey and the selection of its columns.
#[derive(Debug, clap::Args)]
pub struct SurveyArguments {
    /// A recruitment survey, joined by address: CSV as exported by Qualtrics, with two lines of metadata below the header. Commas,
    /// semicolons and tabs are recognised.
    #[arg(long, value_name = "FILE")]
    survey: Option<Input>,
    /// The survey's column with addresses. Default: the only column that has some.
    #[arg(long, value_name = "COLUMN", requires = "survey")]
    survey_email: Option<String>,
    /// The survey's columns to join, with names: Q22=role,Q4. Default: every question, except columns that contain an address.
    #[arg(long, value_name = "COLUMN[=NAME],…", value_delimiter = ',', requires = "survey")]
    survey_columns: Vec<String>,
}

impl SurveyArguments {
    pub fn read(&self) -> Result<Option<Survey>, Failure> {
        let Some(file) = &self.survey else { return Ok(None) };
        let text = file.read_text()?;
        Survey::parse(&text, self.survey_email.as_deref(), &self.survey_columns)
            .map(Some)
            .map_err(|problem| file.failure(problem))
    }
}

/// The people of a survey.
#[derive(Debug)]
pub struct Survey {
    /// Names of the joined columns.
    pub columns: Vec<String>,
    /// Columns with answers that are not joined because they contain addresses.
    pub left_out: Vec<String>,
    /// Columns that are joined as requested although they contain addresses.
    pub with_addresses: Vec<String>,
    /// The column that identifies people.
    pub address_column: String,
    /// Texts of the joined columns, by address.
    cells: HashMap<String, Vec<String>>,
}

impl Survey {
    /// Returns a person's texts; if an address occurs twice, the first line is used.
    pub fn of(&self, address: &str) -> Option<&Vec<String>> {
        self.cells.get(address)
    }

    pub fn people(&self) -> usize {
        self.cells.len()
    }

    fn parse(text: &str, email: Option<&str>, columns: &[String]) -> Result<Self, String> {
        let table = Table::parse(text)?;
        let address = table.address(email)?;
        let joined = table.joined(columns)?;
        if joined.is_empty() {
            return Err(format!("has no question to join except the addresses in {}", table.header[address]));
        }
        let mut cells = HashMap::new();
        for person in &table.people {
            let address = normalised(person.cell(address));
            if !address.is_empty() {
                let said = || joined.iter().map(|(column, _)| person.cell(*column).to_owned()).collect();
                cells.entry(address).or_insert_with(said);
            }
        }
        let holds = |column: &usize| table.holds_addresses(*column);
        let name = |column: usize| table.header[column].clone();
        let is_left_out =
            |column: &usize| *column != address && holds(column) && joined.iter().all(|(other, _)| other != column);
        Ok(Self {
            left_out: (0..table.header.len()).filter(is_left_out).map(name).collect(),
            with_addresses: joined.iter().map(|(column, _)| *column).filter(holds).map(name).collect(),
            address_column: name(address),
            columns: joined.into_iter().map(|(_, name)| name).collect(),
            cells,
        })
    }
}
