//! The file that assigns cases (contract section 6): CSV with the columns `User`, `Case No.`, `Path`, `Collapse`,
//! `Highlight`, `Top` and optionally `Experiment`, `Arm`, `Policy`, `Probability`, in any order. The command line also
//! reads `Run` and `Assignment`, so that a file can restore assignments with their ids.

mod format;
mod labels;
mod problem;
mod row;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fmt;

use csv::StringRecord;
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use shared::{assignment, python};

pub use format::MAX_LABEL_CHARACTERS;
use format::Reader;
pub use labels::Labels;
pub use problem::{ConfigFileError, Problem};
use row::{Columns, Row, Style};

/// The contents of a file.
#[derive(Debug)]
pub struct ConfigFile {
    /// One for each (user, case), or for each id that the file names, ordered by their first rows with a path; at least one.
    pub assignments: Vec<Assignment>,
    /// Notes on values that may be mistakes.
    pub notes: Vec<Note>,
}

/// A note on a row.
#[derive(Debug)]
pub struct Note {
    /// The line of the file, where the header is line 1.
    pub row: u64,
    /// A sentence without its full stop.
    pub text: String,
}

impl fmt::Display for Note {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "row {}: {}", self.row, self.text)
    }
}

/// The part of a case that one participant sees.
#[derive(Debug)]
pub struct Assignment {
    /// [`assignment::id`], or the id that the file names.
    pub id: String,
    /// Whether the file names the id.
    pub is_named: bool,
    /// The account's address as written in the file.
    pub user_email: String,
    /// `visit_occurrence_id`.
    pub case_id: i32,
    /// `[{"path", "style"}]`, formatted by [`python::json_dumps`].
    pub path_config: Box<RawValue>,
    /// The labels of the first row.
    pub labels: Labels,
    /// The paths of its entries; never empty.
    pub paths: Vec<PathAt>,
}

/// A path and its row.
#[derive(Debug)]
pub struct PathAt {
    /// The line of the file, where the header is line 1.
    pub row: u64,
    /// `SECTION.Key.Value`.
    pub path: String,
}

impl ConfigFile {
    /// Parses a file for a route. One invalid row invalidates the file.
    pub fn parse(file: &[u8]) -> Result<Self, ConfigFileError> {
        Self::parse_for(Reader::Route, file)
    }

    /// Parses a file for the command line, which also reads `Run` and `Assignment`, and notes unknown columns.
    pub fn parse_for_command(file: &[u8]) -> Result<Self, ConfigFileError> {
        Self::parse_for(Reader::Command, file)
    }

    fn parse_for(caller: Reader, file: &[u8]) -> Result<Self, ConfigFileError> {
        let text = text(file)?;
        let mut lines = Lines { text: text.as_bytes(), counted: 0, line: 1 };
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
        let header = reader.headers().map_err(|_| Problem::NotUtf8.at(1))?;
        let columns = Columns::of(header, caller).map_err(|problem| problem.at(1))?;
        let mut rows_of: IndexMap<Key, Rows> = IndexMap::new();
        let mut notes: Vec<Note> = columns.note(header).map(|text| Note { row: 1, text }).into_iter().collect();
        for record in reader.records() {
            let record = record.map_err(|_| Problem::NotUtf8.at(1))?;
            let line = lines.of(&record);
            // spreadsheets may append rows of empty cells
            if record.iter().all(str::is_empty) {
                continue;
            }
            let row = Row::read(&record, &columns).map_err(|problem| problem.at(line))?;
            notes.extend(row.notes().map(|note| Note { row: line, text: note.to_owned() }));
            if !row.path.is_empty() {
                let key = (row.user.to_owned(), row.case_id, row.id.map(str::to_owned));
                notes.extend(rows_of.entry(key).or_default().push(line, &row));
            }
        }
        if rows_of.is_empty() {
            return Err(Problem::NoAssignment.at(1));
        }
        check_ids(&rows_of)?;
        let assignments = rows_of.into_iter().map(|(key, rows)| rows.into_assignment(key));
        let assignments = assignments.collect::<Result<Vec<_>, _>>()?;
        let mut ids = HashSet::with_capacity(assignments.len());
        match assignments.iter().find(|assignment| !ids.insert(assignment.id.as_str())) {
            Some(second) => Err(Problem::SameId.at(second.paths[0].row)),
            None => Ok(Self { assignments, notes }),
        }
    }
}

/// Refuses rows that could belong to an assignment whose id the file names, or be another one.
fn check_ids(rows_of: &IndexMap<Key, Rows>) -> Result<(), ConfigFileError> {
    let named: HashSet<(&str, i32)> =
        rows_of.keys().filter(|(_, _, id)| id.is_some()).map(|(user, case, _)| (user.as_str(), *case)).collect();
    let without_id =
        rows_of.iter().find(|((user, case, id), _)| id.is_none() && named.contains(&(user.as_str(), *case)));
    without_id.map_or(Ok(()), |(_, rows)| Err(Problem::NoId.at(rows.paths[0].row)))
}

/// Returns the text without the byte order mark that spreadsheets add.
fn text(file: &[u8]) -> Result<&str, ConfigFileError> {
    let row_of = |offset: usize| line_ends(&file[..offset]) + 1;
    let text = str::from_utf8(file).map_err(|error| Problem::NotUtf8.at(row_of(error.valid_up_to())))?;
    match text.find('\0') {
        Some(offset) => Err(Problem::Nul.at(row_of(offset))),
        None => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
    }
}

/// Counts lines as an editor does. The csv reader's own position lies before the previous record's line feed and before
/// blank lines.
struct Lines<'a> {
    text: &'a [u8],
    counted: usize,
    line: u64,
}

impl Lines<'_> {
    fn of(&mut self, record: &StringRecord) -> u64 {
        let offset =
            record.position().and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or(self.counted);
        let blank = self.text[offset..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let start = offset + blank;
        self.line += line_ends(&self.text[self.counted..start]);
        self.counted = start;
        self.line
    }
}

/// Counts the line ends in a text: line feeds, carriage returns, or both together.
fn line_ends(text: &[u8]) -> u64 {
    let ends = |byte: u8| text.split(|other| *other == byte).count() - 1;
    let pairs = text.windows(2).filter(|pair| pair == b"\r\n").count();
    (ends(b'\n') + ends(b'\r') - pairs) as u64
}

/// User, case, and the id that the file names.
type Key = (String, i32, Option<String>);

/// The rows of one assignment.
#[derive(Default)]
struct Rows {
    labels: Labels,
    paths: Vec<PathAt>,
    styles: Vec<Style>,
}

#[derive(Serialize)]
struct Entry<'a> {
    path: &'a str,
    #[serde(skip_serializing_if = "Style::is_empty")]
    style: Style,
}

impl Rows {
    /// Adds a row. Returns a note if its labels are lost, because those of the first row count.
    fn push(&mut self, line: u64, row: &Row<'_>) -> Option<Note> {
        let note = match self.paths.first() {
            None => {
                self.labels = row.labels();
                None
            }
            Some(first) => {
                let lost = self.labels.other_names(&row.labels());
                let text = || format!("other {} than in row {}, which counts", lost.join(", "), first.row);
                (!lost.is_empty()).then(|| Note { row: line, text: text() })
            }
        };
        self.paths.push(PathAt { row: line, path: row.path.to_owned() });
        self.styles.push(row.style);
        note
    }

    fn into_assignment(self, (user_email, case_id, named): Key) -> Result<Assignment, ConfigFileError> {
        let entries: Vec<_> =
            self.paths.iter().zip(self.styles).map(|(PathAt { path, .. }, style)| Entry { path, style }).collect();
        let path_config = to_raw_value(&entries).and_then(|json| RawValue::from_string(python::json_dumps(&json)));
        // only a number can fail to serialize here
        let path_config = path_config.map_err(|_| Problem::TopIsNoNumber.at(self.paths[0].row))?;
        let is_named = named.is_some();
        let id = named.unwrap_or_else(|| assignment::id(&user_email, case_id, path_config.get()));
        Ok(Assignment { id, is_named, user_email, case_id, path_config, labels: self.labels, paths: self.paths })
    }
}
