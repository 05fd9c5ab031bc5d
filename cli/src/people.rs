//! Files of people: CSV with the columns of an invitation, or one address a line.

use admin_users::invitation::Invitation;

use crate::failure::Failure;
use crate::input::Input;

/// Columns with an address.
const ADDRESS: [&str; 3] = ["email", "Email", "User"];

/// A person of a file.
pub struct Person {
    /// The line of the file, from 1.
    pub row: u64,
    pub email: String,
    pub invitation: Invitation,
}

/// Everybody in a file. A first line without an `@` is a header.
pub fn read(file: &Input) -> Result<Vec<Person>, Failure> {
    let text = file.read_text()?;
    let is_list = text.lines().next().is_some_and(|line| line.contains('@'));
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader.has_headers(!is_list).trim(csv::Trim::All).from_reader(text.as_bytes());
    let header = if is_list { csv::StringRecord::from(vec!["email"]) } else { reader.headers()?.clone() };
    let find = |name: &str| header.iter().position(|column| column == name);
    let address = ADDRESS.into_iter().find_map(find);
    let address = address.ok_or_else(|| {
        file.failure("row 1: the header has no column email")
            .with_remedy("columns: email,name,position,employer,area_of_clinical_ex")
    })?;
    let mut people = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| {
            let row = error.position().map_or(0, csv::Position::line);
            file.failure(format!("row {row}: other columns than in the first row; does a comma need quotes?"))
        })?;
        let row = record.position().map_or(0, csv::Position::line);
        let cell = |name: &str| {
            let cell = find(name).and_then(|column| record.get(column)).filter(|cell| !cell.is_empty());
            cell.map(str::to_owned)
        };
        let email = record.get(address).unwrap_or_default().to_owned();
        let invitation = Invitation {
            email: email.clone(),
            name: cell("name"),
            position: cell("position"),
            employer: cell("employer"),
            area_of_clinical_ex: cell("area_of_clinical_ex"),
        };
        // the address itself is not repeated: what a terminal shows ends up in logs
        let at = |problem: String| file.failure(format!("row {row}: {problem}"));
        invitation.check_email().map_err(|reason| at(format!("column {}: {reason}", &header[address])))?;
        invitation.too_long().map_or(Ok(()), |problem| Err(at(problem)))?;
        people.push(Person { row, email, invitation });
    }
    Ok(people)
}
