//! Replaces addresses with participants' numbers, and ids that contain addresses with hashes.

use export::value::{Column, Kind, Value};
use shared::db::Database;
use sqlx::PgConnection;

use super::manifest::sha256;
use crate::export::{Opened, Source, has_address, is_address, participant_id};
use crate::failure::Failure;

/// Name of the address column.
const ADDRESS: &str = "user_email";
/// Names of the columns with ids of assignments.
const CONFIG_ID: &str = "config_id";
const CASE_CONFIG_ID: &str = "case_config_id";

/// Name of its replacement. It is text, because JSON readers round 64-bit numbers.
const PARTICIPANT: &str = "participant";

/// Describes the column of the participant.
pub fn column() -> Column {
    Column::new(PARTICIPANT, Kind::Text, "the participant: user_id of the analysis file")
}

/// A source's rows without addresses.
pub struct WithoutAddresses<S> {
    source: S,
    /// Index of the address column.
    address: Option<usize>,
    /// Indexes of the columns with ids of assignments.
    ids: Vec<usize>,
}

impl<S> WithoutAddresses<S> {
    pub fn of(source: S) -> Self {
        Self { source, address: None, ids: Vec::new() }
    }
}

/// Returns a participant's number: the `user_id` of the analysis file.
pub fn participant(email: &str) -> String {
    participant_id(email).to_string()
}

/// Returns an assignment's id without addresses: services choose ids, some of them from the participant's address. It is replaced as a
/// whole, because nobody knows where in it an address ends; equal ids stay equal in all files.
fn id_without_address(id: &str) -> Option<String> {
    has_address(id).then(|| format!("id-{}", &sha256(id)[..16]))
}

/// Replaces each JSON text that consists of an address with the participant's number. Everything else is unchanged.
pub fn without_addresses(json: &str) -> String {
    let (mut result, mut rest) = (String::new(), json);
    while let Some(start) = rest.find('"') {
        let end = start + end_of_text(&rest[start..]);
        let token = &rest[start..end];
        result += &rest[..start];
        match serde_json::from_str::<String>(token) {
            Ok(text) if is_address(&text) => result.extend(["\"", &participant(&text), "\""]),
            _ => result += token,
        }
        rest = &rest[end..];
    }
    result + rest
}

/// Returns the length of the text at the beginning of a JSON document, including quotes.
fn end_of_text(json: &str) -> usize {
    let mut is_escaped = false;
    for (index, byte) in json.bytes().enumerate().skip(1) {
        match byte {
            b'"' if !is_escaped => return index + 1,
            byte => is_escaped = byte == b'\\' && !is_escaped,
        }
    }
    json.len()
}

impl<S: Source> Source for WithoutAddresses<S> {
    fn resource(&self) -> &'static str {
        self.source.resource()
    }

    async fn open(&mut self, snapshot: &mut PgConnection, db: &Database) -> Result<Opened, Failure> {
        let mut opened = self.source.open(snapshot, db).await?;
        self.address = opened.columns.iter().position(|column| column.name == ADDRESS);
        let is_id = |column: &Column| [CONFIG_ID, CASE_CONFIG_ID].contains(&&*column.name);
        self.ids = (0..opened.columns.len()).filter(|index| is_id(&opened.columns[*index])).collect();
        if let Some(address) = self.address {
            opened.columns[address] = column();
        }
        Ok(opened)
    }

    async fn rows(
        &mut self,
        snapshot: &mut PgConnection,
        db: &Database,
        mut take: impl FnMut(&[Value<'_>]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let (address, ids) = (self.address, &self.ids);
        let without = |values: &[Value<'_>]| {
            let mut values = values.to_vec();
            if let Some(address) = address
                && let Value::Text(email) = &values[address]
            {
                values[address] = Value::Text(participant(email).into());
            }
            for index in ids {
                if let Value::Text(id) = &values[*index]
                    && let Some(hash) = id_without_address(id)
                {
                    values[*index] = Value::Text(hash.into());
                }
            }
            take(&values)
        };
        self.source.rows(snapshot, db, without).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_an_address_becomes_a_number() {
        let json = r#"{"A@Study.Test": [1.50, "a@study.test", "by a@study.test", "\"\\", "x"], "n": null}"#;

        let id = "17594509098658213958";
        let expected = format!(r#"{{"{id}": [1.50, "{id}", "by a@study.test", "\"\\", "x"], "n": null}}"#);
        assert_eq!(without_addresses(json), expected);
    }
}
