//! A recruitment survey as exported by Qualtrics: a header of codes, a line of questions, a line of import ids, then a line per person.

use std::collections::HashMap;

use super::address;
use super::normalised;
use crate::failure::Failure;
use crate::input::Input;
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
    /// Returns a person's texts; of two lines with one address the first counts.
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
            return Err(format!("has no question to join besides the addresses in {}", table.header[address]));
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

struct Table {
    header: Vec<String>,
    people: Vec<Row>,
}

impl Table {
    fn parse(text: &str) -> Result<Self, String> {
        let table_text::Table { header, rows: mut people } = table_text::Table::parse(text)?;
        if header.len() == 1 {
            return Err("the header is one column: commas, semicolons or tabs have to separate several".to_owned());
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
    fn holds_addresses(&self, column: usize) -> bool {
        self.people.iter().any(|person| address::is_in(person.cell(column)))
    }

    /// Returns whether a cell consists of an address.
    fn is_of_addresses(&self, column: usize) -> bool {
        self.people.iter().any(|person| address::is_one(person.cell(column)))
    }

    fn address(&self, given: Option<&str>) -> Result<usize, String> {
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
    fn joined(&self, given: &[String]) -> Result<Vec<(usize, String)>, String> {
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
        // text beside an address may be wanted; addresses alone are not
        if self.is_of_addresses(column) {
            return Err(format!("column {code} holds addresses, and the file has none"));
        }
        Ok((column, name.trim().to_owned()))
    }
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
    fn an_address_in_a_text_of_the_old_studys_survey_is_not_joined() {
        let text = "Q3,Q22,Q22_7_TEXT,Q4,Q5,Q6,Q7\nb,c,d,e,f,g,h\n{},{},{},{},{},{},{}\na@study.test,Other,ask%20a%40study.test,5,NC,Yes,3\n";

        let survey = Survey::parse(text, None, &[]).unwrap();

        assert_eq!((&*survey.left_out, survey.columns.len()), (&["Q22_7_TEXT".to_owned()][..], 5));
        assert_eq!(survey.of("a@study.test").unwrap().join("|"), "Other|5|NC|Yes|3");
    }

    #[test]
    fn a_survey_may_be_separated_by_semicolons_or_tabs() {
        for separator in [";", "\t"] {
            let text = "Q1,Q2\nMail?,Years?\n{},{}\na@study.test,11\n".replace(',', separator);

            let survey = Survey::parse(&text, None, &[]).unwrap();

            assert_eq!(
                (&*survey.columns, &*survey.cells["a@study.test"]),
                (&["Q2".to_owned()][..], &["11".to_owned()][..])
            );
        }
    }

    #[test]
    fn a_cell_in_which_an_address_stands_is_joined_only_when_it_is_asked_for() {
        for cell in [
            "https://x.test/?email=a%40study.test",
            "https://x.test/?e=a%2540study.test",
            "mailto:a@study.test",
            "I am a@study.test.",
        ] {
            let text = survey(&format!("x,Ada,a@study.test,5,{cell}\n"));

            let by_itself = Survey::parse(&text, None, &[]).unwrap();
            let asked = Survey::parse(&text, None, &["Q3".to_owned()]).unwrap();

            assert_eq!(
                (&*by_itself.columns, &*by_itself.left_out),
                (&["Q2".to_owned()][..], &["Q3".to_owned()][..]),
                "{cell}"
            );
            assert_eq!(
                (&*asked.columns, &*asked.with_addresses),
                (&["Q3".to_owned()][..], &["Q3".to_owned()][..]),
                "{cell}"
            );
        }
    }

    #[test]
    fn empty_columns_at_the_end_are_nothing() {
        let text = "Q1,Q2,,\na,b,,\n{},{},,\na@study.test,11,,\n,,,\n";

        assert_eq!(Survey::parse(text, None, &[]).unwrap().columns, ["Q2"]);
    }

    #[test]
    fn what_cannot_be_joined_says_why() {
        let two = survey("x,Ada,a@study.test,5,boss@study.test\n");
        for (text, columns, said) in [
            ("email,role\na@study.test,x\n", &[][..], "line 2 is a person"),
            (two.as_str(), &[], "several columns hold addresses, name one by --survey-email: Q1, Q3"),
            (&survey("x,Ada,nobody,5,x\n"), &[], "no column holds addresses"),
            ("Q1|Q2\na|b\n{}|{}\na@study.test|11\n", &[], "the header is one column"),
            (&survey("x,Ada,\"a@study.test,5,x\n"), &[], "line 5: a quote opens here that nothing closes"),
            ("Q1,StartDate\na,b\n{},{}\na@study.test,2026\n", &[], "has no question to join"),
            (&survey("x,Ada,a@study.test,5,x\n"), &["Q9".to_owned()], "the header has no column Q9"),
            (&survey("x,Ada,a@study.test,5,x\n"), &["Q1=mail".to_owned()], "column Q1 holds addresses"),
        ] {
            let problem = Survey::parse(text, None, columns).unwrap_err();
            assert!(problem.contains(said), "{problem}");
        }
    }
}
