//! Reads a list of participants exported by Prolific: CSV with a column `Participant id`, or the table that the old script read, with
//! `Prolific ID`.

use std::collections::HashSet;

use admin_users::invitation::Invitation;

use crate::failure::Failure;
use crate::input::Input;
use crate::table_text::Table;

/// Domain at which Prolific forwards mail to participants.
const DOMAIN: &str = "@email.prolific.com";
/// Names of the column, in letters and digits.
const ID: [&str; 3] = ["participantid", "prolificid", "prolificpid"];
const POSITION: [&str; 2] = ["occupationspecialty", "occupation"];
/// Prolific's replacement for the id of a participant who has withdrawn.
const WITHDRAWN: &str = "CONSENT_REVOKED";

/// Returns everybody in a file, without duplicates.
pub fn read(file: &Input) -> Result<Vec<Invitation>, Failure> {
    let table = Table::parse(&file.read_text()?).map_err(|problem| file.failure(problem))?;
    let find = |names: &[&str]| table.header.iter().position(|name| names.contains(&plain(name).as_str()));
    let id = find(&ID).ok_or_else(|| {
        file.failure("row 1: the header has no column Participant id")
            .with_remedy("a study's submissions are exported by Prolific as CSV with this column")
    })?;
    let position = find(&POSITION);
    let mut seen = HashSet::new();
    let mut people = Vec::new();
    for row in &table.rows {
        let id = row.cell(id).trim_end_matches(DOMAIN);
        if id == WITHDRAWN {
            continue;
        }
        let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_id {
            return Err(file.failure(format!("row {}: column Participant id: is not a Prolific id", row.line)));
        }
        let position = position.map(|column| row.cell(column)).filter(|text| !text.is_empty());
        let invitation = Invitation {
            email: format!("{id}{DOMAIN}"),
            name: Some(format!("Prolific ID: {id}")),
            position: position.map(str::to_owned),
            employer: None,
            area_of_clinical_ex: None,
        };
        let at = |problem: String| file.failure(format!("row {}: {problem}", row.line));
        invitation.too_long().map_or(Ok(()), |problem| Err(at(problem)))?;
        if seen.insert(id.to_owned()) {
            people.push(invitation);
        }
    }
    if people.is_empty() {
        return Err(file.failure("the file has no participant who has not withdrawn"));
    }
    Ok(people)
}

/// Normalises a name: `Participant id`, `participant_id` and `PARTICIPANT ID` are equal.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}
