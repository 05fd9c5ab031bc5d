//! A recruitment survey as Qualtrics exports it: a header of codes, a line of questions, a line of import ids, then a line a person.

use std::collections::HashMap;

use csv::StringRecord;

use super::normalised;
use crate::failure::Failure;
use crate::input::Input;

/// Lines under the header that are nobody's.
const METADATA: usize = 2;

/// Columns that Qualtrics adds by itself: when, how, from where, and who.
const OF_QUALTRICS: [&str; 18] = [
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
];

/// The survey of the study that the old export script was written for, known by having all of these, and the names it gave them.
const OLD_SURVEY: [(&str, &str); 6] = [
    ("Q22", "professional_role"),
    ("Q22_7_TEXT", "professional_role_other"),
    ("Q4", "practice_years"),
    ("Q5", "practice_state"),
    ("Q6", "experience_screening"),
    ("Q7", "years_screening"),
];
const OLD_ADDRESS: &str = "Q3";

/// A survey, and what is taken from it.
#[derive(Debug, clap::Args)]
pub struct SurveyArguments {
    /// A recruitment survey, joined by address: CSV as Qualtrics exports it, with two lines of metadata under the header.
    #[arg(long, value_name = "FILE")]
    survey: Option<Input>,
    /// Its column with addresses. Without it: the one column that has some.
    #[arg(long, value_name = "COLUMN", requires = "survey")]
    survey_email: Option<String>,
    /// Its columns to join, and their names: Q22=role,Q4. Without it: every question, but for columns that hold addresses.
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

/// People of a survey.
#[derive(Debug)]
pub struct Survey {
    /// Names of what is joined.
    pub columns: Vec<String>,
    /// A text for each column, by address.
    cells: HashMap<String, Vec<String>>,
}

impl Survey {
    /// What somebody said; of two lines with one address the first one.
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
        let mut cells = HashMap::new();
        for person in &table.people {
            let cell = |column: usize| person.get(column).unwrap_or_default().trim().to_owned();
            let address = normalised(&cell(address));
            if !address.is_empty() {
                cells.entry(address).or_insert_with(|| joined.iter().map(|(column, _)| cell(*column)).collect());
            }
        }
        Ok(Self { columns: joined.into_iter().map(|(_, name)| name).collect(), cells })
    }
}

struct Table {
    header: Vec<String>,
    people: Vec<StringRecord>,
}

impl Table {
    fn parse(text: &str) -> Result<Self, String> {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
        let unreadable =
            |error: csv::Error| format!("row {}: not CSV", error.position().map_or(0, csv::Position::line));
        let header = reader.headers().map_err(unreadable)?.iter().map(|name| name.trim().to_owned()).collect();
        let mut people = reader.records().collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
        let metadata = people.drain(..METADATA.min(people.len()));
        for (line, record) in (2..).zip(metadata) {
            if record.iter().any(is_address) {
                return Err(format!(
                    "line {line} is a person, not metadata: a Qualtrics export has two lines of metadata under its header"
                ));
            }
        }
        Ok(Self { header, people })
    }

    fn column(&self, name: &str) -> Result<usize, String> {
        let column = self.header.iter().position(|column| column == name);
        column.ok_or_else(|| format!("the header has no column {name}; there are {}", self.header.join(", ")))
    }

    fn holds_addresses(&self, column: usize) -> bool {
        self.people.iter().any(|person| person.get(column).is_some_and(|cell| cell.split_whitespace().any(is_address)))
    }

    fn address(&self, given: Option<&str>) -> Result<usize, String> {
        if let Some(given) = given {
            return self.column(given);
        }
        let candidates: Vec<usize> = (0..self.header.len()).filter(|column| self.holds_addresses(*column)).collect();
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

    /// Columns that are joined, and their names.
    fn joined(&self, given: &[String]) -> Result<Vec<(usize, String)>, String> {
        if !given.is_empty() {
            return given.iter().map(|given| self.given(given)).collect();
        }
        if self.is_old() {
            return OLD_SURVEY.iter().map(|(code, name)| Ok((self.column(code)?, (*name).to_owned()))).collect();
        }
        let is_question =
            |column: &usize| !OF_QUALTRICS.contains(&self.header[*column].as_str()) && !self.holds_addresses(*column);
        Ok((0..self.header.len()).filter(is_question).map(|column| (column, self.header[column].clone())).collect())
    }

    fn given(&self, given: &str) -> Result<(usize, String), String> {
        let (code, name) = given.split_once('=').unwrap_or((given, given));
        let column = self.column(code.trim())?;
        if self.holds_addresses(column) {
            return Err(format!("column {code} holds addresses, and the file has none"));
        }
        Ok((column, name.trim().to_owned()))
    }
}

/// Whether a word looks like `somebody@somewhere.example`.
fn is_address(word: &str) -> bool {
    let word = word.trim();
    word.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.') && !word.contains(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    const METADATA: &str = "Start,First,\"Your\nmail?\",Years?,Role?\n\"{\"\"ImportId\"\":\"\"s\"\"}\",{},{},{},{}\n";

    fn survey(people: &str) -> String {
        format!("StartDate,RecipientFirstName,Q1,Q2,Q3\n{METADATA}{people}")
    }

    #[test]
    fn questions_are_joined_by_the_column_that_holds_addresses() {
        let text = survey(
            "2026,Ada, A@Study.test ,5,Nurse\n2026,Bo,b@study.test,7,\"Physician, GP\"\n2027,Ada,a@study.test,9,x\n",
        );

        let survey = Survey::parse(&text, None, &[]).unwrap();

        assert_eq!(survey.columns, ["Q2", "Q3"]);
        assert_eq!(
            (survey.of("a@study.test").unwrap(), survey.people()),
            (&vec!["5".to_owned(), "Nurse".to_owned()], 2)
        );
    }

    #[test]
    fn columns_are_chosen_and_named() {
        let survey =
            Survey::parse(&survey("x,Ada,a@study.test,5,Nurse\n"), Some("Q1"), &["Q3=role".to_owned()]).unwrap();

        assert_eq!(
            (survey.columns, &survey.cells["a@study.test"][..]),
            (vec!["role".to_owned()], &["Nurse".to_owned()][..])
        );
    }

    #[test]
    fn the_old_studys_survey_has_the_names_of_the_old_script() {
        let text = "RecipientEmail,Q3,Q22,Q22_7_TEXT,Q4,Q5,Q6,Q7\na,b,c,d,e,f,g,h\n{},{},{},{},{},{},{},{}\nx@y.test,a@study.test,Other,Pilot,5,NC,Yes,3\n";

        let survey = Survey::parse(text, None, &[]).unwrap();

        assert_eq!(survey.columns[..2], ["professional_role", "professional_role_other"]);
        assert_eq!(survey.of("a@study.test").unwrap().join("|"), "Other|Pilot|5|NC|Yes|3");
    }

    #[test]
    fn what_cannot_be_joined_says_why() {
        let two = survey("x,Ada,a@study.test,5,boss@study.test\n");
        for (text, columns, said) in [
            ("email,role\na@study.test,x\n", &[][..], "line 2 is a person"),
            (two.as_str(), &[], "several columns hold addresses, name one by --survey-email: Q1, Q3"),
            (&survey("x,Ada,nobody,5,x\n"), &[], "no column holds addresses"),
            (&survey("x,Ada,a@study.test,5,x\n"), &["Q9".to_owned()], "the header has no column Q9"),
            (&survey("x,Ada,a@study.test,5,x\n"), &["Q1=mail".to_owned()], "column Q1 holds addresses"),
        ] {
            let problem = Survey::parse(text, None, columns).unwrap_err();
            assert!(problem.contains(said), "{problem}");
        }
    }
}
