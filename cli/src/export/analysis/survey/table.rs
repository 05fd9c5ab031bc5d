use crate::export::analysis::address;
use crate::table_text::{self, Row};

/// Number of metadata lines below the header.
const METADATA: usize = 2;

/// Columns that Qualtrics adds automatically: time, method, location and person.
const OF_QUALTRICS: [&str; 21] = [
    "StartDate",
    "EndDate",
    "Status",
    "IPAddress",
    "Progress",
    "Duration (in seconds)",
    "Finished",
    "RecordedDate",
    "ResponseId",
    "RecipientLastName",
    "RecipientFirstName",
    "RecipientEmail",
    "ExternalReference",
    "LocationLatitude",
    "LocationLongitude",
    "DistributionChannel",
    "UserLanguage",
    "Q_RecaptchaScore",
    "Q_URL",
    "Q_RelevantIDFraudScore",
    "Q_RelevantIDDuplicateScore",
];

/// The survey of the old export script's study, identified by these columns, with the script's names for them.
const OLD_SURVEY: [(&str, &str); 6] = [
    ("Q22", "professional_role"),
    ("Q22_7_TEXT", "professional_role_other"),
    ("Q4", "practice_years"),
    ("Q5", "practice_state"),
    ("Q6", "experience_screening"),
    ("Q7", "years_screening"),
];
const OLD_ADDRESS: &str = "Q3";

/// The rows of a survey.
pub struct Table {
    pub header: Vec<String>,
    pub people: Vec<Row>,
}

impl Table {
    pub fn parse(text: &str) -> Result<Self, String> {
        let table_text::Table { header, rows: mut people } = table_text::Table::parse(text)?;
        if header.len() == 1 {
            return Err("the header is one column: separate columns with commas, semicolons or tabs".to_owned());
        }
        let metadata = people.drain(..METADATA.min(people.len()));
        for row in metadata {
            if row.cells().any(address::is_one) {
                return Err(format!(
                    "line {} is a person, not metadata: a Qualtrics export has two lines of metadata under its header",
                    row.line
                ));
            }
        }
        Ok(Self { header, people })
    }

    fn column(&self, name: &str) -> Result<usize, String> {
        let mut columns = (0..self.header.len()).filter(|column| self.header[*column] == name);
        match (columns.next(), columns.next()) {
            (Some(column), None) => Ok(column),
            (Some(_), Some(_)) => Err(format!("the header has the column {name} twice")),
            _ => Err(format!("the header has no column {name}; there are {}", self.header.join(", "))),
        }
    }

    /// Returns whether a cell contains an address: `https://x.example/?email=a%40b.example`.
    pub fn holds_addresses(&self, column: usize) -> bool {
        self.people.iter().any(|person| address::is_in(person.cell(column)))
    }

    /// Returns whether a cell consists of an address.
    fn is_of_addresses(&self, column: usize) -> bool {
        self.people.iter().any(|person| address::is_one(person.cell(column)))
    }

    pub fn address(&self, given: Option<&str>) -> Result<usize, String> {
        if let Some(given) = given {
            return match self.column(given)? {
                column if self.is_of_addresses(column) => Ok(column),
                _ => Err(format!("the column {given} holds no addresses")),
            };
        }
        let candidates: Vec<usize> = (0..self.header.len()).filter(|column| self.is_of_addresses(*column)).collect();
        match candidates[..] {
            [column] => Ok(column),
            [] => Err("no column holds addresses".to_owned()),
            _ if self.is_old() => self.column(OLD_ADDRESS),
            _ => {
                let names: Vec<&str> = candidates.iter().map(|column| self.header[*column].as_str()).collect();
                Err(format!("several columns hold addresses, name one by --survey-email: {}", names.join(", ")))
            }
        }
    }

    fn is_old(&self) -> bool {
        OLD_SURVEY.iter().map(|(code, _)| *code).chain([OLD_ADDRESS]).all(|code| self.column(code).is_ok())
    }

    /// Returns the joined columns with their names.
    pub fn joined(&self, given: &[String]) -> Result<Vec<(usize, String)>, String> {
        if !given.is_empty() {
            return given.iter().map(|given| self.given(given)).collect();
        }
        if self.is_old() {
            let named = OLD_SURVEY.iter().map(|(code, name)| Ok((self.column(code)?, (*name).to_owned())));
            let named: Vec<_> = named.collect::<Result<_, String>>()?;
            // a text such as "Other: …" may contain an address
            return Ok(named.into_iter().filter(|(column, _)| !self.holds_addresses(*column)).collect());
        }
        let is_question = |column: &usize| {
            let name = self.header[*column].as_str();
            !name.is_empty() && !OF_QUALTRICS.contains(&name) && !self.holds_addresses(*column)
        };
        Ok((0..self.header.len()).filter(is_question).map(|column| (column, self.header[column].clone())).collect())
    }

    fn given(&self, given: &str) -> Result<(usize, String), String> {
        let (code, name) = given.split_once('=').unwrap_or((given, given));
        let column = self.column(code.trim())?;
        // a text that contains an address may be requested, but not a column of addresses
        if self.is_of_addresses(column) {
            return Err(format!("column {code} holds addresses, and the file has none"));
        }
        Ok((column, name.trim().to_owned()))
    }
}
