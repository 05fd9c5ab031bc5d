//! Reads files of people: CSV with the columns of an invitation, or addresses.

use admin_users::invitation::Invitation;

use crate::failure::Failure;
use crate::input::Input;
use crate::table_text;

/// Names of a column with addresses.
const ADDRESS: [&str; 3] = ["email", "Email", "User"];

/// A person in a file.
pub struct Person {
    /// Line in the file, from 1.
    pub row: u64,
    pub email: String,
    pub invitation: Invitation,
}

/// Returns everybody in a file. If the first line contains an `@`, there is no header, and the file is a list of addresses.
pub fn read(file: &Input) -> Result<Vec<Person>, Failure> {
    let text = file.read_text()?;
    let people =
        if text.lines().next().is_some_and(|line| line.contains('@')) { listed(&text) } else { table(&text, file)? };
    for Person { row, invitation, .. } in &people {
        // without the address, because terminal output may be logged
        let at = |problem: String| file.failure(format!("row {row}: {problem}"));
        invitation.check_email().map_err(|reason| at(format!("column email: {reason}")))?;
        invitation.too_long().map_or(Ok(()), |problem| Err(at(problem)))?;
    }
    Ok(people)
}

/// Parses one address per line, or several separated by commas, semicolons or tabs. Invalid ones are refused later.
fn listed(text: &str) -> Vec<Person> {
    let lines = (1..).zip(text.lines());
    let addresses = lines.flat_map(|(row, line)| {
        line.split([',', ';', '\t']).map(|cell| cell.trim().trim_matches('"').trim()).map(move |cell| (row, cell))
    });
    addresses.filter(|(_, address)| !address.is_empty()).map(|(row, address)| person(row, address, |_| None)).collect()
}

fn table(text: &str, file: &Input) -> Result<Vec<Person>, Failure> {
    let table = table_text::Table::parse(text).map_err(|problem| file.failure(problem))?;
    let mut addresses = (0..table.header.len()).filter(|column| ADDRESS.contains(&table.header[*column].as_str()));
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
    let people = table.rows.iter().map(|row| {
        let cell = |name: &str| {
            let cell = table.find(name).map(|column| row.cell(column)).filter(|cell| !cell.is_empty());
            cell.map(str::to_owned)
        };
        person(row.line, row.cell(address), cell)
    });
    Ok(people.collect())
}

fn person(row: u64, email: &str, cell: impl Fn(&str) -> Option<String>) -> Person {
    let invitation = Invitation {
        email: email.to_owned(),
        name: cell("name"),
        position: cell("position"),
        employer: cell("employer"),
        area_of_clinical_ex: cell("area_of_clinical_ex"),
    };
    Person { row, email: email.to_owned(), invitation }
}
