//! Reads files of people: CSV with the columns of an invitation, or addresses.

use admin_users::invitation::Invitation;

use crate::columns;
use crate::failure::Failure;
use crate::input::Input;
use crate::table_text::Table;

/// Names of a column with addresses.
pub const ADDRESS: [&str; 2] = ["email", "User"];
/// Names of the other columns of an invitation.
const OTHERS: [&str; 4] = ["name", "position", "employer", "area_of_clinical_ex"];

/// A person in a file.
pub struct Person {
    /// Line in the file, from 1.
    pub row: u64,
    pub email: String,
    pub invitation: Invitation,
}

/// The content of a file.
pub struct People {
    /// At least one.
    pub people: Vec<Person>,
    /// Names columns that an invitation does not have.
    pub note: Option<String>,
}

/// Returns everybody in a file; at least one person, because a command without people would do nothing, or remove everything.
pub fn read(file: &Input) -> Result<Vec<Person>, Failure> {
    Ok(read_with_note(file)?.people)
}

/// Returns everybody in a file, and a note on its columns. If the first line contains an `@`, there is no header, and the file is a list
/// of addresses.
pub fn read_with_note(file: &Input) -> Result<People, Failure> {
    let text = file.read_text()?;
    let is_list = text.lines().next().is_some_and(|line| line.contains('@'));
    let read = if is_list { People { people: listed(&text), note: None } } else { table(&text, file)? };
    if read.people.is_empty() {
        return Err(file.failure("the file has no people").with_remedy("write one address a row"));
    }
    for Person { row, invitation, .. } in &read.people {
        // without the address, because terminal output may be logged
        let at = |problem: String| file.failure(format!("row {row}: {problem}"));
        invitation.check_email().map_err(|reason| at(format!("column email: {reason}")))?;
        invitation.too_long().map_or(Ok(()), |problem| Err(at(problem)))?;
    }
    Ok(read)
}

/// Parses one address per line, or several separated by commas, semicolons or tabs. Invalid ones are refused later.
fn listed(text: &str) -> Vec<Person> {
    let lines = (1..).zip(text.lines());
    let addresses = lines.flat_map(|(row, line)| {
        line.split([',', ';', '\t']).map(|cell| cell.trim().trim_matches('"').trim()).map(move |cell| (row, cell))
    });
    addresses
        .filter(|(_, address)| !address.is_empty())
        .map(|(row, address)| person(row, address, [None; OTHERS.len()]))
        .collect()
}

fn table(text: &str, file: &Input) -> Result<People, Failure> {
    let table = Table::parse(text).map_err(|problem| file.failure(problem))?;
    let mut addresses = columns::all(&table, &ADDRESS);
    let address = addresses.next().ok_or_else(|| {
        file.failure("row 1: the header has no column email")
            .with_remedy("columns: email,name,position,employer,area_of_clinical_ex")
    })?;
    if let Some(second) = addresses.next() {
        let [first, second] = [address, second].map(|column| table.header[column].as_str());
        return Err(file
            .failure(format!("row 1: the columns {first} and {second} both have addresses, and one would be lost"))
            .with_remedy("write one address per row"));
    }
    let others = OTHERS.map(|name| columns::find(&table, &[name]));
    let people = table.rows.iter().map(|row| {
        let cells = others.map(|column| column.map(|column| row.cell(column)).filter(|cell| !cell.is_empty()));
        person(row.line, row.cell(address), cells)
    });
    let note = columns::note(&table, others.into_iter().flatten().chain([address]));
    Ok(People { people: people.collect(), note })
}

/// Creates a person, with the cells of `OTHERS`.
fn person(row: u64, email: &str, others: [Option<&str>; OTHERS.len()]) -> Person {
    let [name, position, employer, area_of_clinical_ex] = others.map(|cell| cell.map(str::to_owned));
    let invitation = Invitation { email: email.to_owned(), name, position, employer, area_of_clinical_ex };
    Person { row, email: email.to_owned(), invitation }
}
